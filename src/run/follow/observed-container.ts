/** The container's life as the follower of its log needs to know it. */
import {
  type Evidence,
  hasEnded,
  isSealedStop,
  type ObservedRun,
  type RecorderFacts,
  trueCondition,
} from "../observe/observe.ts";
import type { ContainerState, ContainerView } from "./read/container.ts";

export function viewContainer(observed: ObservedRun): ContainerView {
  return {
    state: () => containerState(observed.evidence),
    changed: (signal) => {
      const { seal } = observed.evidence;
      const state = containerState(observed.evidence);
      // Most changes of a waiting pod change neither: its log need not be requested for each.
      return observed.until(
        () => containerState(observed.evidence) !== state || observed.evidence.seal !== seal,
        signal,
      );
    },
    seal: () => observed.evidence.seal,
  };
}

/** Valid once the observer has synced: a run that has ended without a pod will not get one. */
export function containerState(evidence: Evidence): ContainerState {
  const { pod } = evidence;
  if (!pod) return hasEnded(evidence) ? "gone" : "waiting";
  // The last state of a deleted pod has its container's end, or it is never known.
  if (pod.presence !== "present") return "gone";
  const ended = pod.recorder ? hasSealed(pod.recorder, evidence) : pod.agent.state === "terminated";
  const isOver = pod.phase === "Failed" || pod.phase === "Succeeded";
  if (isOver && pod.reason === "Evicted") return "evicted";
  if (ended) return NODE_SHUTS_DOWN.has(pod.reason) ? "left" : "terminated";
  if (isSealedStop(evidence)) return "terminated";
  // The cluster ended it without its node: the status of its containers is from before, and no other will come.
  const isGivenUp = isOver && (pod.reason !== "" || trueCondition(pod.conditions, "DisruptionTarget") !== null);
  if ((pod.recorder ?? pod.agent).state === "running" && !isGivenUp) return "running";
  // Ended before its container could start: no log will come.
  return isOver ? "gone" : "waiting";
}

/** What the kubelet gives as the pod's reason; the older ones before 1.22. */
const NODE_SHUTS_DOWN = new Set(["Terminated", "NodeShutdown", "Shutdown"]);

/**
 * Nothing follows a recorder's seal, however long its container goes on; should it have died before, nothing follows that: one
 * that was started again records nothing. The agent's container may still be at work until its own status says otherwise.
 */
function hasSealed({ terminated }: RecorderFacts, { logSeal, pod }: Evidence): boolean {
  return terminated !== null || (logSeal !== null && pod?.agent.state === "terminated");
}
