/** What a run's result says to whoever counts. Pure. */
import type { AdapterExecutionResult } from "@paperclipai/adapter-utils";
import type { LabelsOf } from "../../telemetry/instruments.ts";
import type { RunOutcome } from "../../telemetry/run-telemetry.ts";
import type { Meter } from "../../telemetry/telemetry.ts";
import type { Attributes } from "../../telemetry/trace.ts";
import type { VerdictCode } from "../shared/codes.ts";

type Limit = LabelsOf<"claude_k8s.run.limits">["limit"];

/** The codes of runs that met a bound. */
const LIMITS: Partial<Readonly<Record<VerdictCode, Limit>>> = {
  k8s_policy_refused: "policy",
  k8s_pod_schedule_failed: "pod_start_timeout",
  timeout: "timeout",
  claude_silent: "silence",
  max_turns_exhausted: "max_turns",
};

/** Verdicts that are nobody's failure. */
const NO_ERROR: readonly RunOutcome["verdict"][] = ["completed", "cancelled", "detached"];

export function outcomeOf({ resultJson, errorCode = null }: AdapterExecutionResult): RunOutcome {
  const { sentence, job, pod } = resultJson ?? {};
  const verdict = (resultJson?.verdict ?? "adapter-fault") as RunOutcome["verdict"];
  return {
    verdict,
    code: errorCode as VerdictCode | null,
    error: NO_ERROR.includes(verdict) ? null : String(sentence ?? errorCode),
    attributes: {
      ...named("k8s.job.name", job, "name"),
      ...named("k8s.namespace.name", job, "namespace"),
      ...named("k8s.pod.name", pod, "name"),
      ...named("k8s.node.name", pod, "node"),
    },
  };
}

function named(attribute: string, object: unknown, key: string): Attributes {
  const value = (object as Record<string, unknown> | null | undefined)?.[key];
  return typeof value === "string" ? { [attribute]: value } : {};
}

export function countOutcome(meter: Meter, { errorCode, usage, costUsd }: AdapterExecutionResult): void {
  const limit = LIMITS[errorCode as VerdictCode];
  if (limit) meter.add("claude_k8s.run.limits", 1, { limit });
  if (costUsd) meter.add("claude_k8s.agent.cost", costUsd, {});
  if (!usage) return;
  meter.add("claude_k8s.agent.tokens", usage.inputTokens, { type: "input" });
  meter.add("claude_k8s.agent.tokens", usage.cachedInputTokens ?? 0, { type: "cached_input" });
  meter.add("claude_k8s.agent.tokens", usage.outputTokens, { type: "output" });
}
