/**
 * Whether a pod that has ended is the end of the run, or its queue has taken it back and lets a new one start. Pure. A queue is no
 * failure to Kubernetes: the Job shows none, and also a pod that ends with 0 in its grace is started again (measured, Kueue 0.19).
 */

import type { Evidence } from "../evidence/evidence.ts";
import { trueCondition } from "../evidence/job.ts";

const ENDS = ["Complete", "Failed", "SuccessCriteriaMet", "FailureTarget"];

export type Return =
  /** The run is over: the pod ended by itself, or the Job has ended, is going, or was stopped by an adapter. */
  | "no"
  | "yes"
  /** The pod was deleted, and the Job does not say yet by whom. */
  | "unknown";

export function returnOf({ job, pod, nextPod }: Evidence): Return {
  if (!job || job.queue === null || !pod) return "no";
  if (job.presence !== "present" || job.deletionTimestamp !== null || job.stoppedBecause !== null) return "no";
  if (ENDS.some((type) => trueCondition(job.conditions, type) !== null)) return "no";
  const wasDeleted = pod.presence !== "present" || pod.deletionAskedAt !== null;
  if (!wasDeleted) return "no";
  return job.suspended || nextPod !== null ? "yes" : "unknown";
}

export const comesBack = (evidence: Evidence): boolean => returnOf(evidence) === "yes";
