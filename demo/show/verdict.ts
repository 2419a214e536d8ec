import type { AdapterExecutionResult } from "@paperclipai/adapter-utils";
import { count, dollars } from "../../src/cli/format-line.ts";
import type { Durations } from "../demo-event.ts";

/** One line of the verdict: a name, and what there is to say. */
export interface Fact {
  readonly name: string;
  readonly text: string;
  readonly tone?: "good" | "bad";
}

export function hasSucceeded(result: AdapterExecutionResult): boolean {
  return result.exitCode === 0 && !result.timedOut && !result.errorCode && !result.errorMessage;
}

/** What Paperclip would record of the run, for a person. */
export function verdictFacts(result: AdapterExecutionResult, durations: Durations): Fact[] {
  const succeeded = hasSucceeded(result);
  const headline: Fact = succeeded
    ? { name: "✓", text: `succeeded in ${seconds(durations.run)}`, tone: "good" }
    : { name: "✗", text: result.errorMessage ?? "failed", tone: "bad" };
  return [
    headline,
    ...(succeeded ? [] : failureFacts(result)),
    { name: "session", text: result.sessionId ?? "none" },
    { name: "tokens", text: tokens(result.usage) },
    { name: "cost", text: cost(result) },
    { name: "time", text: times(durations) },
  ];
}

function failureFacts(result: AdapterExecutionResult): Fact[] {
  const how = [
    result.errorCode && `code ${result.errorCode}`,
    result.exitCode !== null && `exit code ${result.exitCode}`,
    result.signal && `signal ${result.signal}`,
    result.timedOut && "timed out",
  ];
  return [{ name: "because", text: how.filter(Boolean).join(" · ") || "no further evidence" }];
}

function tokens(usage: AdapterExecutionResult["usage"]): string {
  if (!usage) return "unknown";
  const cached = usage.cachedInputTokens ? ` (and ${count(usage.cachedInputTokens)} cached)` : "";
  return `${count(usage.inputTokens)} in${cached} · ${count(usage.outputTokens)} out`;
}

function cost({ costUsd }: AdapterExecutionResult): string {
  return typeof costUsd === "number" ? dollars(costUsd) : "unknown";
}

function times({ podReady, agent, run }: Durations): string {
  const parts = [
    podReady !== undefined && `pod running after ${seconds(podReady)}`,
    agent !== undefined && `Claude Code ${seconds(agent)}`,
    `all ${seconds(run)}`,
  ];
  return parts.filter(Boolean).join(" · ");
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
