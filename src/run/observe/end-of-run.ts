/** When a run is over, and when a verdict on it can still gain from waiting. Pure. */

import type { Evidence } from "./evidence/evidence.ts";
import { type JobFacts, trueCondition } from "./evidence/job.ts";

/** True when the agent cannot run any more: its container ended, or there is no pod and none will come. */
export function hasEnded(evidence: Evidence): boolean {
  const { pod } = evidence;
  if (pod?.agent.state === "terminated") return true;
  const podIsOver = pod?.presence !== "present" || pod.phase === "Succeeded" || pod.phase === "Failed";
  if (!podIsOver) return false;
  // backoffLimit 0: no second pod comes after a first (measured), and none while the Job is held or gone.
  if (pod) return true;
  return evidence.podless && isWithoutFuture(evidence);
}

/**
 * The Job is over and its pod was never seen: it may have been there, for Jobs and pods are not told in step; and the
 * suspension that a Job shows may be that of its birth, which its controller has yet to take back.
 */
export function podIsMissed(evidence: Evidence): boolean {
  return evidence.pod === null && !evidence.podless && isWithoutFuture(evidence);
}

function isWithoutFuture(evidence: Evidence): boolean {
  const { job } = evidence;
  return job !== null && (job.presence !== "present" || jobIsFinished(evidence) || isHeldForGood(job));
}

/** Stopped by an adapter, and its controller has seen that and counts no pod: none will come. */
function isHeldForGood(job: JobFacts): boolean {
  if (job.stoppedBecause === null || job.livePods > 0) return false;
  return isHeld(job);
}

/** Its controller, too, has seen that the Job is suspended. */
const isHeld = ({ suspended, conditions }: JobFacts): boolean =>
  suspended && trueCondition(conditions, "Suspended") !== null;

/**
 * True while the cluster is about to say why: the container's end comes first; the pod's phase, the Job's condition and
 * an eviction's mark follow within seconds (measured: 0.7 s and 1.5 s at the median). Nothing more is to come once the
 * agent has said itself how it ended.
 */
export function causeIsPending(evidence: Evidence): boolean {
  const { pod, job, seal } = evidence;
  if (seal && seal.exitCode === 0 && seal.agent?.result) return false;
  if (!pod || wasStopped(evidence)) return false;
  if (pod.presence !== "present") return job?.presence === "present" && !jobIsFinished(evidence) && !isHeld(job);
  if (pod.phase !== "Succeeded" && pod.phase !== "Failed") return true;
  // The kubelet's status lags (lesson 3): the phase says that it is over, the container's end is yet to come. A pod that
  // says why it failed (Evicted …) need not have had a container.
  return pod.agent.state !== "terminated" && pod.reason === "";
}

/** We are the cause: the agent's container was seen to end after we had it stopped. Other containers may go on. */
function wasStopped({ acts, pod }: Evidence): boolean {
  const stoppedAt = acts.cancel?.at ?? acts.gaveUp?.at;
  const endedAt = pod?.agent.terminated?.seenAt;
  return stoppedAt !== undefined && endedAt !== undefined && endedAt > stoppedAt;
}

function jobIsFinished({ job }: Evidence): boolean {
  const finished = ["Complete", "Failed", "SuccessCriteriaMet", "FailureTarget"];
  return finished.some((type) => trueCondition(job?.conditions ?? [], type) !== null);
}
