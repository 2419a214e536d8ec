import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { toExecutionResult } from "../../../src/run/conclude/result.ts";
import { judge } from "../../../src/run/verdict/verdict.ts";
import { readSample } from "../support/claude-sample.ts";
import {
  ANSWERED,
  agent,
  cancel,
  ended,
  evidenceOf,
  job,
  pod,
  RUNNING,
  SUCCEEDED,
  T0,
  transcript,
} from "../support/evidence.ts";

function resultOf(observations: Parameters<typeof evidenceOf>[0], run: Parameters<typeof evidenceOf>[1] = {}) {
  const evidence = evidenceOf(observations, run);
  return toExecutionResult(judge(evidence), evidence, { cwd: "/paperclip" });
}

function sampleResult(name: string, run: Parameters<typeof evidenceOf>[1] = {}) {
  const sample = readSample(name);
  return resultOf([job(), ended(sample.exitCode), agent(sample.agent), transcript(sample.lines)], run);
}

test("a completed run, every field", () => {
  expect(sampleResult("plain")).toEqual({
    exitCode: 0,
    signal: null,
    timedOut: false,
    errorMessage: null,
    errorCode: null,
    errorFamily: null,
    retryNotBefore: null,
    // Input counts what was written to the prompt cache.
    usage: { inputTokens: 120, outputTokens: 25, cachedInputTokens: 50 },
    usageBasis: "per_run",
    sessionId: "9e3d364e-0ee8-4e26-8ff7-e23b0cc117dd",
    sessionParams: { cwd: "/paperclip", sessionId: "9e3d364e-0ee8-4e26-8ff7-e23b0cc117dd" },
    sessionDisplayId: "9e3d364e-0ee8-4e26-8ff7-e23b0cc117dd",
    provider: "anthropic",
    biller: "anthropic",
    billingType: "api",
    model: "claude-sonnet-4-5",
    costUsd: 0.0007650000000000001,
    resultJson: {
      verdict: "completed",
      sentence: "Claude Code (claude-sonnet-4-5) completed its task after 1 turn.",
      stopped: true,
      result: "Hello from the fake model. The task is done.",
      finalResponse: { disposition: "final", text: "Hello from the fake model. The task is done." },
      num_turns: 1,
      duration_ms: 781,
      total_cost_usd: 0.0007650000000000001,
      usage: {
        input_tokens: 100,
        cache_creation_input_tokens: 20,
        cache_read_input_tokens: 50,
        output_tokens: 25,
      },
      modelUsage: { "claude-sonnet-4-5": expect.objectContaining({ inputTokens: 100, outputTokens: 25 }) },
      permission_denials: [],
      evidence: expect.arrayContaining(["Transcript: complete, 3 lines", expect.stringContaining("subtype success")]),
      transcript: { complete: true, lines: 3 },
      job: { name: "ac-agent-run-abc123", namespace: "agents", uid: "job-uid" },
      pod: { name: "ac-agent-run-abc123-x7k2p", uid: "pod-uid", node: "node-1" },
    },
    summary: "Hello from the fake model. The task is done.",
    clearSession: false,
  });
});

test("a quota: family, time, fix", () => {
  expect(sampleResult("oauth-429sub")).toMatchObject({
    exitCode: 1,
    errorCode: "provider_quota",
    errorFamily: "provider_quota",
    retryNotBefore: "2026-11-22T08:10:03.000Z",
    billingType: "subscription",
    resultJson: { verdict: "agent-error", fix: expect.stringContaining("reset") },
  });
});

test("max turns: the session is cleared and Paperclip's word for it given", () => {
  expect(sampleResult("maxturns")).toMatchObject({
    errorCode: "max_turns_exhausted",
    clearSession: true,
    resultJson: { stopReason: "max_turns_exhausted" },
  });
});

test("an unknown session: nothing to store", () => {
  expect(sampleResult("resume-unknown", { resumedSessionId: "1111" })).toMatchObject({
    errorCode: "session_unavailable",
    sessionId: null,
    sessionParams: null,
    sessionDisplayId: null,
    clearSession: true,
  });
});

describe("cost", () => {
  test("of a resumed run is its own, not the session's", () => {
    expect(sampleResult("resume", { resumedSessionId: "s" }).costUsd).toBe(0.0007650000000000001);
  });

  test("that only the session's total tells is the run's in a fresh session, unknown in a resumed one", () => {
    const seen = [job(), ended(1), agent({ ...ANSWERED, cost: { usd: 2, scope: "session" } })];
    expect(resultOf(seen)).toMatchObject({ costUsd: 2 });
    expect(resultOf(seen, { resumedSessionId: "s" })).toMatchObject({
      costUsd: null,
      resultJson: { sessionCostUsd: 2 },
    });
  });

  test("of Bedrock goes to AWS", () => {
    expect(resultOf([job(), ended(0), agent({ ...SUCCEEDED, servedBy: "bedrock" })])).toMatchObject({
      biller: "aws_bedrock",
      billingType: "metered_api",
    });
    expect(resultOf([job(), ended(0), agent(SUCCEEDED)])).toMatchObject({
      biller: "anthropic",
      billingType: "unknown",
    });
  });
});

describe("a cancellation", () => {
  const stopped = ended(143, {}, { ending: "terminated" });

  test("is acknowledged once the agent is stopped, with the time that it was seen", () => {
    expect(resultOf([job(), pod(RUNNING), cancel(), stopped, agent(ANSWERED)])).toMatchObject({
      errorCode: "cancelled",
      executionRecovery: { kind: "interrupted", providerStopped: true },
      resultJson: {
        executionCancellation: { state: "acknowledged", acknowledgedAt: new Date(T0 + 31_000).toISOString() },
      },
    });
  });

  test("is not acknowledged while the agent may run", () => {
    const result = resultOf([job(), pod(RUNNING), cancel(), agent(ANSWERED)]);
    expect(result.resultJson).not.toHaveProperty("executionCancellation");
    expect(result).not.toHaveProperty("executionRecovery");
  });

  test("that came too late is acknowledged beside the real end", () => {
    const at = T0 + 60_000;
    expect(resultOf([job(), ended(0), cancel(at), agent(SUCCEEDED)])).toMatchObject({
      errorCode: null,
      resultJson: { executionCancellation: { acknowledgedAt: new Date(at).toISOString() } },
    });
  });
});

test("figures that the host's ledger cannot hold cost no run its place in it", () => {
  const amount = fc.oneof(
    fc.double({ min: 0, noNaN: true }),
    fc.constantFrom(1e308, Number.POSITIVE_INFINITY, 2 ** 31, 0.5),
  );
  fc.assert(
    fc.property(amount, amount, amount, amount, amount, (input, created, read, output, usd) => {
      const usage = { inputTokens: input, cacheCreationTokens: created, cacheReadTokens: read, outputTokens: output };
      const spoke = { ...readSample("plain").agent, usage, cost: { usd, scope: "run" } as const };
      const { usage: told, costUsd } = resultOf([job(), ended(0), agent(spoke), transcript(3)]);
      for (const tokens of Object.values(told ?? {})) {
        expect(Number.isInteger(tokens) && tokens >= 0 && tokens < 2 ** 31, String(tokens)).toBe(true);
      }
      expect(costUsd === null ? usd * 100 > 2 ** 31 - 101 : costUsd === usd && Math.round(usd * 100) < 2 ** 31).toBe(
        true,
      );
    }),
  );
});
