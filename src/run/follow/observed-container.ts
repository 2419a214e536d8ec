/** The container's life as the follower of its log needs to know it. */
import { hasEnded } from "../observe/end-of-run.ts";
import type { Evidence } from "../observe/evidence/evidence.ts";
import type { ContainerState, ContainerWitness } from "./read/container.ts";
import type { RunRecord } from "../observe/observed-run.ts";

export function witnessContainer(record: RunRecord): ContainerWitness {
  return {
    state: () => containerState(record.evidence),
    changed: (signal) => {
      const { seal } = record.evidence;
      const state = containerState(record.evidence);
      // Most of what is told of a pod that waits changes neither: its log is not to be asked for each time.
      return record.until(() => containerState(record.evidence) !== state || record.evidence.seal !== seal, signal);
    },
    seal: () => record.evidence.seal,
  };
}

/** Holds once all that exists was told: a run that is over without a pod ever seen will not get one. */
export function containerState(evidence: Evidence): ContainerState {
  const { pod } = evidence;
  if (!pod) return hasEnded(evidence) ? "gone" : "waiting";
  // A pod that is gone has told its container's end in its last words, or never will.
  if (pod.presence !== "present") return "gone";
  if (pod.agent.state === "terminated") return "terminated";
  if (pod.agent.state === "running") return "running";
  // Ended before its container could start: no log will come.
  return pod.phase === "Failed" || pod.phase === "Succeeded" ? "gone" : "waiting";
}
