import fc from "fast-check";
import { expect, test } from "vitest";
import { mergeResults, NO_RESULT } from "../../src/claude/agent-result.ts";
import { fromSeal } from "../../src/claude/sealed-result.ts";
import type { SealedAgent } from "../../src/runner/seal.ts";
import { readSample } from "../run/support/claude-sample.ts";

const SEALED: SealedAgent = {
  session_id: "s-1",
  model: "claude-sonnet-4-5",
  init: true,
  content: true,
  rate_limit: { status: "rejected", resetsAt: 1795335003, rateLimitType: "five_hour" },
  result: {
    subtype: "success",
    is_error: true,
    num_turns: 2,
    total_cost_usd: 3,
    run_cost_usd: 1,
    usage: { input_tokens: 1, output_tokens: 2, cache_read_input_tokens: 3, cache_creation_input_tokens: 4 },
    terminal_reason: "api_error",
    api_error_status: 429,
    text: "You've hit your limit",
  },
};

test("the seal alone tells session, model, result, usage, this run's cost and the quota's reset", () => {
  expect(fromSeal(SEALED)).toMatchObject({
    sessionId: "s-1",
    model: "claude-sonnet-4-5",
    progress: "content",
    init: true,
    result: { subtype: "success", isError: true, terminalReason: "api_error", apiErrorStatus: 429, numTurns: 2 },
    usage: { inputTokens: 1, outputTokens: 2, cacheReadTokens: 3, cacheCreationTokens: 4 },
    cost: { usd: 1, scope: "run" },
    rateLimit: { status: "rejected", resetsAt: 1795335003, type: "five_hour" },
    summary: "You've hit your limit",
  });
});

test("without the run's own share the cost is the session's", () => {
  expect(fromSeal({ result: { total_cost_usd: 3 } }).cost).toEqual({ usd: 3, scope: "session" });
});

test("no words: nothing is known, not even that there was no init", () => {
  expect(fromSeal(undefined)).toEqual({ ...NO_RESULT, init: null });
});

test("the transcript wins, the seal fills", () => {
  const transcript = readSample("sigterm-tool").agent;
  const merged = mergeResults(transcript, fromSeal(SEALED));
  expect(merged.sessionId).toBe(transcript.sessionId);
  expect(merged.result?.apiErrorStatus).toBe(429);
  expect(merged.cost).toEqual({ usd: 1, scope: "run" });
  expect(merged.summary).toBe("You've hit your limit");
});

test("a whole transcript is not changed by its seal", () => {
  const transcript = readSample("plain").agent;
  expect(mergeResults(transcript, fromSeal(SEALED))).toEqual({ ...transcript, rateLimit: fromSeal(SEALED).rateLimit });
});

test("arbitrary words never throw", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (whole, result) => {
      fromSeal(whole);
      expect(fromSeal({ result }).malformedLines).toBe(0);
    }),
  );
});
