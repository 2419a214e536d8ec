import type { Job } from "kubernetes-types/batch/v1";
import { type RunTerms, runTermsOf } from "./run-terms.ts";

/** A Job that is in the cluster, whether or not it was unsuspended. */
export interface JobInCluster {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  /** As the cluster stored it. */
  readonly object: Job;
}

/**
 * What `launch` (a new Job) and `claim` (an adopted one) return: a Job whose agent runs, will run, or ran. Later
 * chapters treat both alike.
 */
export interface LaunchedRun extends JobInCluster {
  /** Those that the Job itself carries, for they say how its agent was started; the plan's where it carries none. */
  readonly terms: RunTerms;
}

export function jobInCluster(job: Job): JobInCluster {
  const { name = "", namespace = "", uid = "" } = job.metadata ?? {};
  return { name, namespace, uid, object: job };
}

export function launchedRun(job: Job, plan: RunTerms): LaunchedRun {
  return { ...jobInCluster(job), terms: runTermsOf(job, plan) };
}
