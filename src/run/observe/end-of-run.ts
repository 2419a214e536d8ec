/** When a run is over, and when a verdict on it can still gain from waiting. Pure. */

import type { Evidence } from "./evidence/evidence.ts";
import { type JobFacts, trueCondition } from "./evidence/job.ts";
import { isSealedStop } from "./evidence/reduce.ts";

/** True when the agent cannot run any more: its container ended, or there is no pod and none will come. */
export function hasEnded(evidence: Evidence): boolean {
  const { pod } = evidence;
  if (pod?.agent.state === "terminated" || isSealedStop(evidence)) return true;
  const podIsOver = pod?.presence !== "present" || pod.phase === "Succeeded" || pod.phase === "Failed";
  if (!podIsOver) return false;
  // backoffLimit 0: no second pod comes after a first (measured), and none while the Job is held or gone.
  if (pod) return true;
  return evidence.hasNoPod && getsNoPod(evidence);
}

/**
 * The Job is over and its pod was never observed: it may have been there, for Jobs and pods come by two watches; and the
 * suspension that a Job shows may be that of its birth, which its controller has yet to take back.
 */
export function isPodMissed(evidence: Evidence): boolean {
  return evidence.pod === null && !evidence.hasNoPod && getsNoPod(evidence);
}

function getsNoPod(evidence: Evidence): boolean {
  const { job } = evidence;
  return job !== null && (job.presence !== "present" || jobIsFinished(evidence) || isSuspendedForGood(job));
}

/** Stopped by an adapter, and its controller has seen that and counts no pod: none will come. */
function isSuspendedForGood(job: JobFacts): boolean {
  // A queue may admit it as long as it is there.
  if (job.stoppedBecause === null || job.activePods > 0 || job.queue !== null) return false;
  return isSuspended(job);
}

/** The Job's controller has carried the suspension out. */
const isSuspended = ({ suspended, conditions }: JobFacts): boolean =>
  suspended && trueCondition(conditions, "Suspended") !== null;

/**
 * True while the cluster is about to report why: the container's end comes first; the pod's phase, the Job's condition and
 * an eviction's mark follow within seconds (measured: 0.7 s and 1.5 s at the median). Nothing more is to come once the
 * seal shows that the agent ended with a result.
 */
export function causeIsPending(evidence: Evidence): boolean {
  const { pod, job, seal } = evidence;
  if (isSealedStop(evidence) || (seal && seal.exitCode === 0 && seal.agent?.result)) return false;
  if (!pod || wasStopped(evidence)) return false;
  if (pod.presence !== "present") return job?.presence === "present" && !jobIsFinished(evidence) && !isSuspended(job);
  if (pod.phase !== "Succeeded" && pod.phase !== "Failed") return true;
  // The kubelet's status lags: the phase is final before the container's end is reported. A pod that
  // carries a reason (Evicted …) need not have had a container.
  return pod.agent.state !== "terminated" && pod.reason === "";
}

/** The adapter is the cause: the agent's container ended after the adapter stopped it. Other containers may still run. */
function wasStopped({ acts, pod }: Evidence): boolean {
  const stoppedAt = acts.cancel?.at ?? acts.gaveUp?.at;
  const endedAt = pod?.agent.terminated?.seenAt;
  return stoppedAt !== undefined && endedAt !== undefined && endedAt > stoppedAt;
}

function jobIsFinished({ job }: Evidence): boolean {
  const finished = ["Complete", "Failed", "SuccessCriteriaMet", "FailureTarget"];
  return finished.some((type) => trueCondition(job?.conditions ?? [], type) !== null);
}
