/** What is counted and traced of a run: its phases, how it ended, what it used. It changes nothing about the run. */
import type { AdapterExecutionContext, AdapterExecutionResult } from "@paperclipai/adapter-utils";
import { measureRun, type RunTelemetry } from "../../telemetry/run-telemetry.ts";
import type { Telemetry } from "../../telemetry/telemetry.ts";
import { countOutcome, outcomeOf } from "./outcome.ts";

export { trackPhases } from "./phases.ts";
export { traceparentOf, withTraceparent } from "./traceparent.ts";

/** Measures a run from now until `work` has its result. */
export async function measured(
  telemetry: Telemetry,
  { runId, agent }: Pick<AdapterExecutionContext, "runId" | "agent">,
  work: (run: RunTelemetry) => Promise<AdapterExecutionResult>,
): Promise<AdapterExecutionResult> {
  const run = measureRun(telemetry, {
    "paperclip.run.id": runId,
    "paperclip.agent.id": agent.id,
    "paperclip.company.id": agent.companyId,
  });
  const result = await work(run);
  countOutcome(run, result);
  run.end(outcomeOf(result));
  return result;
}

/** To be called each time that the run is seen to wait for its turn. */
export function turnMeter(run: RunTelemetry): () => void {
  let counted = false;
  return () => {
    run.enter("turn");
    if (!counted) run.add("claude_k8s.run.limits", 1, { limit: "jobs_at_once" });
    counted = true;
  };
}
