import { type PodFacts, trueCondition } from "../observe/observe.ts";
import type { VerdictCode } from "../shared/codes.ts";
import type { Cause } from "./cause.ts";
import type { Facts } from "./facts.ts";
import { FIXES } from "./fixes.ts";
import { claude, quoting, reasonAndMessage, runAgain, timeOf, withEnding } from "./phrases.ts";
import { NO_RETRY, retryOnceStopped } from "./retry.ts";

/**
 * The code of a run that the cluster ended. The contract calls every answer that was cut off `claude_truncated`,
 * whatever cut it; the verdict's kind tells the cause.
 */
function cutOff({ agent }: Facts, otherwise: VerdictCode): VerdictCode {
  return agent.progress === "content" && !agent.result ? "claude_truncated" : otherwise;
}

interface Disruption {
  readonly what: string;
  /** What helps besides running it again. */
  readonly fix?: string;
}

/** Reasons of the pod condition DisruptionTarget. */
const DISRUPTIONS: ReadonlyMap<string, Disruption> = new Map([
  ["PreemptionByScheduler", { what: "preempted by a pod of higher priority", fix: FIXES.preempted }],
  ["EvictionByEvictionAPI", { what: "evicted (a node drain, or another use of the Eviction API)" }],
  ["DeletionByTaintManager", { what: "deleted because its node does not answer or was tainted", fix: FIXES.checkNode }],
  ["DeletionByPodGC", { what: "lost: its node is gone", fix: FIXES.checkNode }],
  [
    "TerminationByKubelet",
    {
      what: "ended by its node (short of a resource, or shutting down)",
      fix: FIXES.checkNode,
    },
  ],
]);

/** `status.reason` of pods that the kubelet or the node controller ended. */
const POD_REASONS: ReadonlyMap<string, Disruption> = new Map([
  ["Evicted", { what: "evicted by its node" }],
  ["Preempting", { what: "preempted by a pod of higher priority", fix: FIXES.preempted }],
  ["Preempted", { what: "preempted by a pod of higher priority", fix: FIXES.preempted }],
  ["NodeLost", { what: "lost: its node does not answer", fix: FIXES.checkNode }],
  ["NodeShutdown", { what: "ended because its node shuts down" }],
  ["Shutdown", { what: "ended because its node shuts down" }],
  ["Terminated", { what: "ended because its node shuts down" }],
]);

/** The cluster took the pod: evicted, preempted, drained, node lost. */
export const disrupted: Cause = (facts) => {
  const { pod, job } = facts.evidence;
  const target = pod ? trueCondition(pod.conditions, "DisruptionTarget") : null;
  const rule = job?.conditions.find(
    ({ reason, message }) => reason === "PodFailurePolicy" && message.includes("DisruptionTarget"),
  );
  const byReason = pod ? POD_REASONS.get(pod.reason) : undefined;
  if (!target && !rule && !byReason) return null;
  const named = target ? DISRUPTIONS.get(target.reason) : undefined;
  const disruption = named ?? byReason ?? { what: `disrupted${target ? ` (${target.reason})` : ""}` };
  const reason = target?.reason ?? pod?.reason ?? "PodFailurePolicy";
  const words = pod?.message || target?.message || rule?.message || "";
  const ownLimit = OWN_LIMIT.test(words);
  const before = facts.neverRan ? " before its agent started" : "";
  const end = facts.neverRan || facts.ending.words === null ? "" : `; ${claude(facts)} ended${withEnding(facts)}`;
  return {
    kind: "disrupted",
    code: cutOff(facts, "k8s_pod_disrupted"),
    sentence: `The agent's pod was ${disruption.what}${before} [${reason}]${quoting(words)}${end}.`,
    fix: ownLimit ? FIXES.disk : [runAgain(facts), disruption.fix ?? fixForEviction(words) ?? ""].join(" ").trim(),
    ...(ownLimit ? NO_RETRY : retryOnceStopped(facts)),
    because: [
      ...(target
        ? [`Pod ${pod?.name}: DisruptionTarget, ${reasonAndMessage(target.reason, target.message)}${since(target)}`]
        : []),
      ...(byReason ? [`Pod ${pod?.name}: ${reasonAndMessage(pod?.reason ?? "", pod?.message ?? "")}`] : []),
      ...(rule ? [`Job ${job?.name}: ${rule.message}`] : []),
    ],
  };
};

/** The kubelet's words on a pod that used more disk than it may: the next one would too. */
const OWN_LIMIT = /exceeds the (total )?limit|exceeded its local ephemeral storage limit/;

function fixForEviction(words: string): string | null {
  if (/ephemeral|disk|inode/i.test(words)) return FIXES.disk;
  return /memory/.test(words) ? FIXES.evicted : null;
}

const since = ({ at }: { readonly at: string | null }): string => (at === null ? "" : `, ${at}`);

/** Its node was to end it, and has not said so: the agent may be at work, or be gone with its node. */
export const nodeSilent: Cause = (facts) => {
  const { pod, acts } = facts.evidence;
  const { gaveUpPod } = acts;
  if (!gaveUpPod || facts.stopped) return null;
  const node = pod?.node ? `Node ${pod.node}` : "The node";
  const due = gaveUpPod.why === "deletion" ? "which was told to end" : "whose time (timeoutSec) is over";
  const target = pod ? trueCondition(pod.conditions, "DisruptionTarget") : null;
  return {
    kind: "disrupted",
    code: "k8s_pod_disrupted",
    sentence: `${node} does not tell of the end of pod ${pod?.name}, ${due}; nobody can say whether the agent still runs.`,
    fix: `The next run of its task waits until the node answers, or the node or the pod is gone. ${gaveUpPod.fix}`,
    because: [
      `Pod ${pod?.name}: its end was due by ${gaveUpPod.by}, and the cluster showed it as ${pod?.agent.state} at ${timeOf(gaveUpPod.at)}`,
      ...(target ? [`Pod ${pod?.name}: DisruptionTarget, ${reasonAndMessage(target.reason, target.message)}`] : []),
    ],
  };
};

/** The kernel killed the container, or a process in it, for want of memory. */
export const outOfMemory: Cause = (facts) => {
  const { container, ending } = facts;
  if (container?.reason !== "OOMKilled") return null;
  // With cgroup v1 a killed child leaves the container alive; its later end, whatever the code, is called OOMKilled.
  const whole = ending.signal === "SIGKILL" || ending.exitCode === 137;
  const who = whole ? claude(facts) : `a process of ${claude(facts)}`;
  const { pod, job } = facts.evidence;
  const limit = pod?.memoryLimit ?? null;
  // What the Job asks for is the agent's setting; admission may have given its pod less.
  const lowered = limit !== null && job?.memoryLimit != null && job.memoryLimit !== limit;
  const inForce = limit === null ? "" : ` (limit ${limit}${lowered ? `; the Job asks for ${job.memoryLimit}` : ""})`;
  return {
    kind: "out-of-memory",
    code: cutOff(facts, "k8s_out_of_memory"),
    sentence: `The agent's container ran out of memory${inForce}, and the kernel killed ${who} (OOMKilled); it ended${withEnding(facts)}.`,
    fix: lowered ? FIXES.memoryOfCluster : FIXES.memory,
    because: [`Container ${pod?.agent.name}: terminated, OOMKilled, exit code ${container.exitCode}`],
  };
};

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
