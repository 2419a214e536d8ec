/** Job or pod were deleted, or the Job was suspended, and it was not the adapter that did it. */
import { type PodFacts, trueCondition } from "../observe/observe.ts";
import type { Cause } from "./cause.ts";
import { cutOff } from "./cut-off.ts";
import type { Facts } from "./facts.ts";
import { FIXES } from "./fixes.ts";
import { claude, reasonAndMessage, runAgain, since, timeOf, withEnding } from "./phrases.ts";

/** Somebody deleted or suspended the Job, or deleted its pod. */
export const deletedFromOutside: Cause = (facts) => {
  const { acts, job } = facts.evidence;
  // What we stop, the cluster deletes: then it was not done from outside.
  if (facts.ending.byItself === true || acts.gaveUp || job?.stoppedBecause) return null;
  // We suspended it ourselves when we gave up waiting for its pod.
  if (facts.neverRan && facts.evidence.acts.gaveUp) return null;
  return jobDeleted(facts) ?? jobSuspended(facts) ?? podDeleted(facts);
};

const OVER = ["Complete", "Failed", "SuccessCriteriaMet", "FailureTarget"];

const jobDeleted: Cause = (facts) => {
  const { job } = facts.evidence;
  if (!job || (job.presence === "present" && job.deletionTimestamp === null)) return null;
  // Deleted after its end, by its TTL for example: a Job that is deleted while it runs gets no such condition (measured).
  if (OVER.some((type) => trueCondition(job.conditions, type))) return null;
  const when = job.deletionTimestamp ?? (job.endedAt === null ? null : timeOf(job.endedAt));
  const seen = job.presence === "gone" ? "is gone" : job.presence === "deleted" ? "was deleted" : "is being deleted";
  return {
    kind: "deleted",
    code: "k8s_job_deleted_externally",
    sentence: `Job ${job.name} ${seen}${when ? ` (${when})` : ""}, not by Paperclip${aftermath(facts)}.`,
    fix: `${FIXES.findDeleter} Run it again if it was a mistake.`,
    because: [jobForensics(facts), ...finalizers(job.finalizers)],
  };
};

function jobForensics({ evidence: { job, transcript } }: Facts): string {
  const how = {
    present: "deletionTimestamp is set",
    deleted: "the watch saw it deleted",
    gone: "a look at it found nothing (404)",
  };
  const conditions = job?.conditions.filter(({ status }) => status === "True").map(({ type }) => type) ?? [];
  const last = conditions.length === 0 ? "no condition" : conditions.join(", ");
  return `Job ${job?.name} (${job?.uid}): ${how[job?.presence ?? "gone"]}; last known: ${last}; ${transcript?.lines ?? 0} lines received`;
}

function finalizers(names: readonly string[]): readonly string[] {
  return names.length === 0 ? [] : [`Finalizers of the Job: ${names.join(", ")}`];
}

const jobSuspended: Cause = (facts) => {
  const { job, pod } = facts.evidence;
  const suspended = job ? trueCondition(job.conditions, "Suspended") : null;
  // Of a queue's Job the suspension is the queue's.
  if (!job || job.queue !== null || !suspended || !pod || !leaving(pod)) return null;
  return {
    kind: "deleted",
    code: "k8s_job_suspended",
    sentence: `Job ${job.name} was suspended, not by Paperclip, so the cluster deleted its pod${aftermath(facts)}.`,
    fix: FIXES.findSuspender,
    because: [
      `Job ${job.name}: Suspended, ${reasonAndMessage(suspended.reason, suspended.message)}${since(suspended)}`,
    ],
  };
};

const podDeleted: Cause = (facts) => {
  const { pod } = facts.evidence;
  if (!pod || !leaving(pod) || endedBeforeDeletion(facts, pod)) return null;
  const when = pod.deletionAskedAt === null ? "" : ` at ${pod.deletionAskedAt}`;
  return {
    kind: "deleted",
    code: cutOff(facts, "k8s_pod_deleted_externally"),
    sentence: `Pod ${pod.name} was deleted${when}, not by Paperclip${aftermath(facts)}.`,
    fix: `${FIXES.findDeleter} ${runAgain(facts)}`,
    because: [
      `Pod ${pod.name} (${pod.uid}): deletion asked for${when || " at an unknown time"}, and no DisruptionTarget`,
    ],
  };
};

function aftermath(facts: Facts): string {
  const { pod } = facts.evidence;
  if (facts.neverRan) return ", before its agent started";
  if (facts.ending.words !== null) return `; ${claude(facts)} ended${withEnding(facts)}`;
  // A Job deleted without its pods (propagation policy Orphan, the API's own default) leaves the agent running.
  if (pod?.presence === "present" && pod.agent.state === "running") return `; its pod ${pod.name} goes on running`;
  return `; nobody saw how ${claude(facts)} ended`;
}

/** Seconds that the cluster's stamps may differ: `finishedAt` is cut to seconds, the pod object goes a little later. */
const STAMP_TOLERANCE_SEC = 5;

function endedBeforeDeletion({ container }: Facts, pod: PodFacts): boolean {
  const ended = Date.parse(container?.finishedAt ?? "");
  const asked = Date.parse(pod.deletionAskedAt ?? "");
  return ended + STAMP_TOLERANCE_SEC * 1000 < asked;
}

/** The pod is being deleted, or the watch saw it go. A pod that merely is not found tells less: see truncated.ts. */
function leaving(pod: PodFacts): boolean {
  return pod.presence === "deleted" || pod.deletionAskedAt !== null;
}
