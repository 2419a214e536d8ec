/** What is counted and traced of a run: its phases, how it ended, what it used. It changes nothing about the run. */
import type { AdapterExecutionContext, AdapterExecutionResult } from "@paperclipai/adapter-utils";
import type { Job } from "kubernetes-types/batch/v1";
import { measureRun, type RunTelemetry } from "../../telemetry/run-telemetry.ts";
import type { Telemetry } from "../../telemetry/telemetry.ts";
import type { ObservedRun } from "../observe/observe.ts";
import type { RunPlan } from "../plan/plan.ts";
import { countOutcome, outcomeOf } from "./outcome.ts";
import { phaseOfLaunched, trackPhases } from "./phases.ts";
import { traceparentOf, withTraceparent } from "./traceparent.ts";

/** Is told how far a run has come. */
export interface RunMeter {
  /** The plan with the run's trace on its Job; its slot is claimed from now on. */
  planned(plan: RunPlan): RunPlan;
  /** `from`: the run that the Job belonged to; null: an earlier process of this one. */
  adopted(job: Job, from: string | null): void;
  /** Each time that the run is seen to wait for its turn. */
  waitingForTurn(): void;
  launched(job: Job): void;
  /** Follows the phases that the cluster shows. Returns the way to stop. */
  track(observed: ObservedRun): () => void;
  /** Its queue has taken the run's pod back. */
  requeued(): void;
  /** The transcript is delivered. */
  delivered(): void;
  /** For the follower. */
  readonly telemetry: Pick<RunTelemetry, "enter" | "add">;
}

/** Measures a run from now until `work` has its result. */
export async function measured(
  telemetry: Telemetry,
  { runId, agent }: Pick<AdapterExecutionContext, "runId" | "agent">,
  work: (meter: RunMeter) => Promise<AdapterExecutionResult>,
): Promise<AdapterExecutionResult> {
  const run = measureRun(telemetry, {
    "paperclip.run.id": runId,
    "paperclip.agent.id": agent.id,
    "paperclip.company.id": agent.companyId,
  });
  const result = await work(meterOf(run));
  countOutcome(run, result);
  run.end(outcomeOf(result));
  return result;
}

function meterOf(run: RunTelemetry): RunMeter {
  let waited = false;
  return {
    telemetry: run,
    planned: (plan) => {
      run.enter("claim");
      return { ...plan, job: withTraceparent(plan.job, run.traceparent) };
    },
    adopted: (job, from) => run.adopted(from === null ? "earlier_process" : "lost_run", traceparentOf(job)),
    waitingForTurn: () => {
      run.enter("turn");
      if (!waited) run.add("claude_k8s.run.limits", 1, { limit: "jobs_at_once" });
      waited = true;
    },
    launched: (job) => run.enter(phaseOfLaunched(job)),
    track: (observed) => trackPhases(observed, run),
    requeued: () => {
      run.add("claude_k8s.run.requeues", 1, {});
      run.again("queue");
    },
    delivered: () => run.enter("verdict"),
  };
}
