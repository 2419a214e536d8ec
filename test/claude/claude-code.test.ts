import { describe, expect, test } from "vitest";
import { type AgentResult, NO_RESULT } from "../../src/claude/agent-result.ts";
import { claudeCode } from "../../src/claude/claude-code.ts";
import { readSample } from "../run/support/claude-sample.ts";
import { ANSWERED, result } from "../run/support/evidence.ts";

const OLD: AgentResult = {
  ...NO_RESULT,
  sessionId: "old",
  init: true,
  progress: "started",
  result: result({ isError: true, apiErrorStatus: 400 }),
  usage: { inputTokens: 1, outputTokens: 0, cacheCreationTokens: 0, cacheReadTokens: 0 },
  summary: "API Error: 400",
};
const freshSession = { insteadOf: "old", why: "No conversation found with session ID: old" };

describe("the result of a run whose session was replaced", () => {
  test("is the new session's, also when the transcript ends before it", () => {
    const agent = { session_id: "new", init: true, content: true };
    expect(claudeCode.resultOf(OLD, { freshSession, agent })).toMatchObject({
      sessionId: "new",
      result: null,
      progress: "content",
      summary: "",
      usage: OLD.usage,
    });
  });

  test("has no session when the new one never began", () => {
    expect(claudeCode.resultOf(OLD, { freshSession })).toMatchObject({ sessionId: null, result: null, init: false });
  });

  test("is merged as ever when the transcript has the new one", () => {
    const read = { ...NO_RESULT, ...ANSWERED, sessionId: "new" };
    const merged = claudeCode.resultOf(read, { freshSession, agent: { session_id: "new", init: true } });
    expect(merged).toMatchObject({ sessionId: "new", progress: "content", summary: ANSWERED.summary });
  });
});

describe("a session that must not be resumed again", () => {
  const before = { ...NO_RESULT, init: false } as const;
  const apiError = (summary: string, status: number | null = 400): AgentResult => ({
    ...NO_RESULT,
    ...ANSWERED,
    summary,
    result: result({ isError: true, apiErrorStatus: status, terminalReason: "api_error" }),
  });
  const missing = (...errors: string[]): AgentResult => ({
    ...before,
    result: result({ subtype: "error_during_execution", isError: true, numTurns: 0, errors }),
  });

  test.each(["resume-unknown", "resume-notuuid"])("is told from the recorded run %s", (name) => {
    expect(claudeCode.unusableSession(readSample(name).agent)).toMatchObject({ kind: "missing" });
  });

  test.each([
    ["--resume: x does not match any session title", "missing"],
    ["x is not a UUID", "missing"],
    ["x is not a valid UUID", "missing"],
  ])("%s", (error, kind) => {
    expect(claudeCode.unusableSession(missing("something else", error))).toEqual({ kind, said: error });
  });

  test("by the API's words on a request that it refused", () => {
    const poisoned =
      "API Error: 400 diagnostics.previous_message_id: must be the `id` from a prior /v1/messages response (starts with `msg_`)";
    expect(claudeCode.unusableSession(apiError(poisoned))?.kind).toBe("poisoned");
    expect(claudeCode.unusableSession(apiError("API Error: 400 Could not process image"))?.kind).toBe("image");
    expect(claudeCode.unusableSession(apiError("Could not process image", null))?.kind).toBe("image");
  });

  test("never by an answer that speaks of it, nor by another error", () => {
    const answer = { ...NO_RESULT, ...ANSWERED, result: result(), summary: "Could not process image, so I stopped." };
    expect(claudeCode.unusableSession(answer)).toBeNull();
    expect(claudeCode.unusableSession(apiError("Could not process image", 529))).toBeNull();
    expect(claudeCode.unusableSession(NO_RESULT)).toBeNull();
    // Once a session began, such words are a tool's or a file's.
    const error = "No conversation found with session ID: 1";
    expect(claudeCode.unusableSession({ ...missing(error), init: true })).toBeNull();
  });
});
