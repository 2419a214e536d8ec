import type { Job } from "kubernetes-types/batch/v1";

/** A Job that is in the cluster. */
export interface LaunchedJob {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  /** As the cluster stored it. */
  readonly object: Job;
}

export function launchedJob(job: Job): LaunchedJob {
  const { name = "", namespace = "", uid = "" } = job.metadata ?? {};
  return { name, namespace, uid, object: job };
}
