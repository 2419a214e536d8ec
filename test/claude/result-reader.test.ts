import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { NO_RESULT } from "../../src/claude/agent-result.ts";
import { createResultReader } from "../../src/claude/result-reader.ts";
import { readSample, SAMPLE_NAMES, sampleLines } from "../run/support/claude-sample.ts";
import { cases } from "../support/thoroughness.ts";

function read(...lines: readonly (string | object)[]) {
  const reader = createResultReader();
  for (const line of lines) reader.line(Buffer.from(typeof line === "string" ? line : JSON.stringify(line)));
  return reader.result();
}

function assistant(message: object, more: object = {}) {
  return { type: "assistant", message: { model: "m", id: "msg_1", ...message }, ...more };
}

const INIT = { type: "system", subtype: "init", session_id: "s-1", model: "claude-sonnet-4-5" };
const TEXT = { content: [{ type: "text", text: "Hello" }], usage: { output_tokens: 1 } };
const EMPTY = { content: [], usage: { output_tokens: 0 } };

describe("what a stream says of its agent", () => {
  test("nothing, before anything was read", () => {
    expect(read()).toEqual(NO_RESULT);
  });

  test("a plain run: session, model, result, usage, cost, answer", () => {
    expect(readSample("plain").agent).toEqual({
      ...NO_RESULT,
      sessionId: "9e3d364e-0ee8-4e26-8ff7-e23b0cc117dd",
      model: "claude-sonnet-4-5",
      apiKeySource: "ANTHROPIC_API_KEY",
      servedBy: "firstParty",
      progress: "content",
      init: true,
      result: {
        subtype: "success",
        isError: false,
        terminalReason: "completed",
        stopReason: "end_turn",
        apiErrorStatus: null,
        apiErrorType: null,
        apiError: null,
        errors: [],
        numTurns: 1,
        durationMs: 781,
        usage: { inputTokens: 100, cacheCreationTokens: 20, cacheReadTokens: 50, outputTokens: 25 },
        totalCostUsd: 0.0007650000000000001,
        modelUsage: {
          "claude-sonnet-4-5": expect.objectContaining({ inputTokens: 100, outputTokens: 25, provider: "firstParty" }),
        },
        permissionDenials: [],
      },
      usage: { inputTokens: 100, cacheCreationTokens: 20, cacheReadTokens: 50, outputTokens: 25 },
      cost: { usd: 0.0007650000000000001, scope: "run" },
      summary: "Hello from the fake model. The task is done.",
    });
  });

  test("a refused subscription: the rate limit with its reset", () => {
    const { rateLimit, assistantError, result, progress } = readSample("oauth-429sub").agent;
    expect(rateLimit).toEqual({ status: "rejected", resetsAt: 1795335003, type: "five_hour" });
    expect({ assistantError, apiError: result?.apiError, progress }).toEqual({
      assistantError: "rate_limit",
      apiError: "usage_limit_reached",
      // Claude Code's own message about the error is no word of a model.
      progress: "started",
    });
  });

  test("retries: the newest one", () => {
    expect(readSample("api401").agent.apiRetry).toEqual({
      attempt: 10,
      maxRetries: 10,
      status: 401,
      error: "authentication_failed",
    });
  });

  test("a run without a result: the end of what was said, bounded", () => {
    const long = "é".repeat(20_000);
    const { summary, progress } = read(
      INIT,
      assistant({ content: [{ type: "text", text: `first ${long}` }] }),
      assistant(TEXT),
    );
    expect(summary).toHaveLength(8192);
    expect(summary.endsWith("é\n\nHello")).toBe(true);
    expect(progress).toBe("content");
  });

  test("a subagent's words are content, but no summary and no error of the agent", () => {
    const said = read(
      INIT,
      assistant({ content: [{ type: "text", text: "sub" }] }, { parent_tool_use_id: "t1", error: "rate_limit" }),
    );
    expect(said).toMatchObject({ progress: "content", summary: "", assistantError: null });
  });

  test("the last result counts, and the shares of all of them are summed", () => {
    const share = (usd: number) => ({ m: { inputTokens: 1, outputTokens: 2, costUSD: usd } });
    const { result, usage, cost, summary } = read(
      {
        type: "result",
        subtype: "success",
        is_error: false,
        result: "one",
        total_cost_usd: 9,
        model_usage_since_last_result: share(1),
      },
      {
        type: "result",
        subtype: "success",
        is_error: true,
        result: "two",
        total_cost_usd: 11,
        model_usage_since_last_result: share(2),
      },
    );
    expect(result?.isError).toBe(true);
    expect(summary).toBe("two");
    expect(usage).toMatchObject({ inputTokens: 2, outputTokens: 4 });
    expect(cost).toEqual({ usd: 3, scope: "run" });
  });

  test("without its share a result's total is the session's", () => {
    const { cost, usage } = read({ type: "result", total_cost_usd: 9, usage: { input_tokens: 7 } });
    expect(cost).toEqual({ usd: 9, scope: "session" });
    expect(usage).toMatchObject({ inputTokens: 7, outputTokens: 0 });
  });

  test("one message in several events is not empty because its first block is", () => {
    expect(read(INIT, assistant(EMPTY)).progress).toBe("empty");
    expect(read(INIT, assistant(EMPTY), assistant(TEXT)).progress).toBe("content");
    expect(read(INIT, assistant(TEXT), assistant(EMPTY)).progress).toBe("content");
    expect(read(INIT, assistant(TEXT), assistant({ ...EMPTY, id: "msg_2" })).progress).toBe("empty");
  });

  test("an error of an earlier message is forgotten", () => {
    expect(read(assistant(TEXT, { error: "server_error" }), assistant(TEXT)).assistantError).toBeNull();
  });
});

describe("whatever the bytes", () => {
  test("lines that are not objects are counted, blank ones are not", () => {
    expect(read("", "  ", "null", "[]", "3", '{"type":', "plain text", "{}").malformedLines).toBe(5);
  });

  test("fields of a wrong type count as absent", () => {
    const odd = {
      type: "result",
      subtype: 1,
      is_error: "no",
      usage: [],
      errors: { a: 1 },
      api_error_status: "401",
      num_turns: -1,
      result: 5,
    };
    const { result, usage, summary } = read({ ...odd, session_id: 7 });
    expect(result).toMatchObject({ subtype: null, isError: null, errors: [], apiErrorStatus: null, numTurns: null });
    expect({ usage, summary }).toEqual({ usage: null, summary: "" });
  });

  test("arbitrary bytes never throw", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 200 })), (lines) => {
        const reader = createResultReader();
        for (const line of lines) reader.line(line);
        expect(reader.result().malformedLines).toBeLessThanOrEqual(lines.length);
      }),
    );
  });

  test("arbitrary JSON in the place of any field never throws", () => {
    const type = fc.constantFrom("system", "assistant", "user", "result", "stream_event", "rate_limit_event");
    const keys = [
      "message",
      "error",
      "usage",
      "errors",
      "result",
      "session_id",
      "rate_limit_info",
      "event",
      "modelUsage",
    ];
    const event = fc.record({
      type,
      subtype: fc.constantFrom("init", "api_retry", "success"),
      fields: fc.array(fc.jsonValue()),
    });
    fc.assert(
      fc.property(fc.array(event), (events) => {
        const lines = events.map(({ type, subtype, fields }) => ({
          ...Object.fromEntries(keys.map((key, index) => [key, fields[index]])),
          model_usage_since_last_result: fields[0],
          type,
          subtype,
        }));
        expect(read(...lines).malformedLines).toBe(0);
      }),
    );
  });

  test("noise between the lines of a real run changes nothing but the count", () => {
    const noise = fc.constantFrom("garbage", "12", '{"type":"user","message":{}}', '{"type":"later","x":1}', "");
    fc.assert(
      fc.property(fc.constantFrom(...SAMPLE_NAMES), fc.array(noise, { maxLength: 40 }), (name, noises) => {
        const reader = createResultReader();
        sampleLines(name).forEach((line, index) => {
          reader.line(Buffer.from(noises[index] ?? ""));
          reader.line(line);
        });
        const { malformedLines: _, ...known } = reader.result();
        const { malformedLines: __, ...expected } = readSample(name).agent;
        expect(known).toEqual(expected);
      }),
      { numRuns: cases(50) },
    );
  });

  test("memory does not grow with the run", () => {
    const reader = createResultReader();
    const line = Buffer.from(JSON.stringify(assistant({ content: [{ type: "text", text: "x".repeat(10_000) }] })));
    for (let count = 0; count < 2000; count++) reader.line(line);
    expect(JSON.stringify(reader.result()).length).toBeLessThan(10_000);
  });
});

describe("results that are not the end", () => {
  const zero = { type: "result", subtype: "success", is_error: false, num_turns: 0, session_id: "s-1", result: "" };
  const usage = { m: { costUSD: 1, inputTokens: 1 } };

  test("a success of no turns, as a resumed session reports of a lost background task, is no result; its cost counts", () => {
    const lost = { ...zero, model_usage_since_last_result: usage };
    const own = { ...lost, num_turns: 2, result: "Done." };
    expect(read(INIT, lost)).toMatchObject({ result: null, progress: "started", cost: { usd: 1 } });
    expect(read(INIT, lost, assistant(TEXT))).toMatchObject({ result: null, progress: "content" });
    expect(read(INIT, lost, assistant(TEXT), own)).toMatchObject({ result: { numTurns: 2 }, cost: { usd: 2 } });
  });

  test("an error of no turns is a result", () => {
    expect(read(INIT, { ...zero, is_error: true }).result).toMatchObject({ isError: true, numTurns: 0 });
  });

  test("a process of another session begins anew: the result of the one it replaces is forgotten", () => {
    const refused = {
      type: "result",
      subtype: "success",
      is_error: true,
      num_turns: 1,
      session_id: "s-1",
      result: "400",
    };
    const fresh = { ...INIT, session_id: "s-2" };
    expect(read(INIT, refused, fresh)).toMatchObject({
      sessionId: "s-2",
      result: null,
      progress: "started",
      summary: "",
    });
    // Of a session that does not exist there was no `init`, and the result names an id of its own.
    expect(read({ ...refused, session_id: "s-0" }, fresh)).toMatchObject({ sessionId: "s-2", result: null });
  });

  test("a further turn of the same session does not", () => {
    const first = { ...zero, num_turns: 1, result: "One." };
    expect(read(INIT, first, INIT).result).toMatchObject({ numTurns: 1 });
  });
});

test("what a result reports beside its outcome is bounded, and without the input of refused tools", () => {
  const many = Array.from({ length: 50 }, (_, index) => [
    `model-${index}`,
    { inputTokens: index, name: "x".repeat(999) },
  ]);
  const denial = { tool_name: "Bash", tool_use_id: "t-1", tool_input: { command: "cat secret" } };
  const { result } = read(INIT, {
    type: "result",
    num_turns: 3,
    modelUsage: Object.fromEntries(many),
    permission_denials: Array.from({ length: 50 }, () => denial),
  });
  expect(Object.keys(result?.modelUsage ?? {})).toHaveLength(10);
  expect(result?.permissionDenials).toHaveLength(20);
  expect(JSON.stringify(result)).not.toContain("secret");
  expect(JSON.stringify(result).length).toBeLessThan(8_000);
});
