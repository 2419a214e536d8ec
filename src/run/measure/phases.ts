import type { Phase } from "../../telemetry/phases.ts";
import type { RunTelemetry } from "../../telemetry/run-telemetry.ts";
import { type Evidence, hasEnded, type ObservedRun } from "../observe/observe.ts";

/**
 * Has the phases between launch and end begin as the cluster shows them; that the agent works is seen by its first line,
 * which the follower tells. Returns the way to stop.
 */
export function trackPhases(observed: ObservedRun, run: Pick<RunTelemetry, "enter">): () => void {
  const look = (): void => run.enter(phaseOf(observed.evidence));
  look();
  return observed.subscribe(look);
}

/** The latest phase that the evidence shows. */
export function phaseOf(evidence: Evidence): Phase {
  if (hasEnded(evidence)) return "drain";
  const { pod } = evidence;
  if (pod === null || pod.node === null) return "schedule";
  return pod.agent.ran ? "start" : "pull";
}
