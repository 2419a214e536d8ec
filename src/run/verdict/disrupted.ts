/** The cluster took the agent's pod, or its node does not tell of it any more. */
import { trueCondition } from "../observe/observe.ts";
import type { Cause } from "./cause.ts";
import { cutOff } from "./cut-off.ts";
import { FIXES } from "./fixes.ts";
import { claude, quoting, reasonAndMessage, runAgain, since, timeOf, withEnding } from "./phrases.ts";
import { NO_RETRY, retryOnceStopped } from "./retry.ts";

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
    fix: ownLimit
      ? fixForOwnLimit(words)
      : [runAgain(facts), disruption.fix ?? fixForEviction(words) ?? ""].join(" ").trim(),
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

const fixForOwnLimit = (words: string): string => (/EmptyDir/.test(words) ? FIXES.emptyDir : FIXES.disk);

function fixForEviction(words: string): string | null {
  if (/ephemeral|disk|inode/i.test(words)) return FIXES.diskPressure;
  return /memory/.test(words) ? FIXES.evicted : null;
}

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
