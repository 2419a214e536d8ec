import type { Phase } from "../../telemetry/phases.ts";
import type { RunTelemetry } from "../../telemetry/run-telemetry.ts";
import { type Evidence, hasEnded, type ObservedRun } from "../observe/observe.ts";

/**
 * Has the phases between launch and end begin as the cluster shows them; that the agent works is seen by its first line,
 * which the follower tells. Returns the way to stop.
 */
export function trackPhases(observed: ObservedRun, run: Pick<RunTelemetry, "enter">): () => void {
  const look = (): void => {
    const phase = phaseOf(observed.evidence);
    if (phase !== null) run.enter(phase);
  };
  look();
  return observed.subscribe(look);
}

/** The latest phase that the evidence shows; null as long as no pod was seen, for that of an adopted Job may be anywhere. */
export function phaseOf(evidence: Evidence): Phase | null {
  if (hasEnded(evidence)) return "drain";
  const { pod } = evidence;
  if (pod === null) return null;
  if (pod.node === null) return "schedule";
  return pod.agent.ran ? "start" : "pull";
}
