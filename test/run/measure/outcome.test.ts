import type { AdapterExecutionResult } from "@paperclipai/adapter-utils";
import { describe, expect, it } from "vitest";
import { countOutcome, outcomeOf } from "../../../src/run/measure/outcome.ts";
import { createTelemetry } from "../../../src/telemetry/telemetry.ts";

const RESULT: AdapterExecutionResult = { exitCode: 0, signal: null, timedOut: false };

function counted(result: AdapterExecutionResult): unknown[] {
  const told: unknown[] = [];
  const add = (name: string, amount: number, labels: object): void => void told.push([name, amount, labels]);
  countOutcome(createTelemetry(undefined, [{ add, record: add }]), result);
  return told;
}

describe("what a result says to whoever counts", () => {
  it.each(["completed", "cancelled", "detached"])("%s is nobody's failure", (verdict) => {
    expect(outcomeOf({ ...RESULT, resultJson: { verdict, sentence: "So it went." } }).error).toBeNull();
  });

  it("any other verdict is an error, with its sentence and its code", () => {
    const resultJson = {
      verdict: "truncated",
      sentence: "It ended early.",
      job: { name: "j", namespace: "n" },
      pod: null,
    };
    expect(outcomeOf({ ...RESULT, errorCode: "claude_truncated", resultJson })).toEqual({
      verdict: "truncated",
      code: "claude_truncated",
      error: "It ended early.",
      attributes: { "k8s.job.name": "j", "k8s.namespace.name": "n" },
    });
  });

  it("counts each bound that a run met, and none of a run that met none", () => {
    expect(counted({ ...RESULT, errorCode: "k8s_policy_refused" })).toEqual([
      ["claude_k8s.run.limits", 1, { limit: "policy" }],
    ]);
    expect(counted({ ...RESULT, errorCode: "claude_silent" })).toEqual([
      ["claude_k8s.run.limits", 1, { limit: "silence" }],
    ]);
    expect(counted({ ...RESULT, errorCode: "cancelled" })).toEqual([]);
    expect(counted(RESULT)).toEqual([]);
  });

  it("counts the tokens and the cost that the host's ledger gets", () => {
    const usage = { inputTokens: 7, outputTokens: 5, cachedInputTokens: 3 };
    expect(counted({ ...RESULT, usage, costUsd: 0.25 })).toEqual([
      ["claude_k8s.agent.cost", 0.25, {}],
      ["claude_k8s.agent.tokens", 7, { type: "input" }],
      ["claude_k8s.agent.tokens", 3, { type: "cached_input" }],
      ["claude_k8s.agent.tokens", 5, { type: "output" }],
    ]);
  });
});
