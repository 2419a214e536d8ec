/** The container's life as the follower of its log needs to know it. */
import { type Evidence, hasEnded, type ObservedRun } from "../observe/observe.ts";
import type { ContainerState, ContainerView } from "./read/container.ts";

export function viewContainer(observed: ObservedRun): ContainerView {
  return {
    state: () => containerState(observed.evidence),
    changed: (signal) => {
      const { seal } = observed.evidence;
      const state = containerState(observed.evidence);
      // Most of what is told of a pod that waits changes neither: its log is not to be asked for each time.
      return observed.until(
        () => containerState(observed.evidence) !== state || observed.evidence.seal !== seal,
        signal,
      );
    },
    seal: () => observed.evidence.seal,
  };
}

/** Holds once all that exists was told: a run that is over without a pod ever seen will not get one. */
export function containerState(evidence: Evidence): ContainerState {
  const { pod } = evidence;
  if (!pod) return hasEnded(evidence) ? "gone" : "waiting";
  // A pod that is gone has told its container's end in its last words, or never will.
  if (pod.presence !== "present") return "gone";
  if (pod.agent.state === "terminated") return pod.reason === "Evicted" ? "evicted" : "terminated";
  if (pod.agent.state === "running") return "running";
  // Ended before its container could start: no log will come.
  return pod.phase === "Failed" || pod.phase === "Succeeded" ? "gone" : "waiting";
}
