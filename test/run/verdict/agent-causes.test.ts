import { describe, expect, test } from "vitest";
import type { TerminalResult } from "../../../src/claude/agent-result.ts";
import { judge } from "../../../src/run/verdict/verdict.ts";
import { ANSWERED, agent, ended, evidenceOf, job, result, SUCCEEDED } from "../support/evidence.ts";

describe("agent errors by their structured fields", () => {
  test.each<readonly [Partial<TerminalResult>, string, string | null, boolean]>([
    [{ stopReason: "refusal", isError: false }, "claude_refusal", "model_refusal", false],
    [{ apiError: "safety_monitor_blocked" }, "claude_refusal", "model_refusal", false],
    [{ terminalReason: "prompt_too_long" }, "llm_api_error", null, true],
    [{ apiError: "tool_history_mismatch", terminalReason: "api_error" }, "llm_api_error", null, true],
    [{ apiError: "usage_limit_reached" }, "provider_quota", "provider_quota", false],
    [{ apiErrorStatus: 402 }, "claude_billing_error", null, false],
    [{ apiErrorStatus: 404, apiErrorType: "not_found_error" }, "model_not_found", null, false],
    [{ apiError: "stored_login_refused" }, "claude_auth_required", null, false],
    [{ apiErrorStatus: 403 }, "claude_auth_required", null, false],
    [{ apiErrorStatus: 503 }, "claude_transient_upstream", "transient_upstream", false],
    [
      { apiError: "connection_failed", terminalReason: "api_error" },
      "claude_transient_upstream",
      "transient_upstream",
      false,
    ],
    [
      { apiErrorStatus: 400, apiErrorType: "invalid_request_error", terminalReason: "api_error" },
      "llm_api_error",
      null,
      false,
    ],
    [{ subtype: "error_max_budget_usd", terminalReason: "budget_exhausted" }, "claude_error", null, false],
    [{ subtype: "error_during_execution", terminalReason: "model_error" }, "claude_error", null, false],
    [{ subtype: null, isError: null }, "claude_error", null, false],
  ])("%j is %s", (fields, code, errorFamily, clearSession) => {
    const terminal = result({ isError: true, ...fields });
    const verdict = judge(evidenceOf([job(), ended(1), agent({ ...ANSWERED, result: terminal })]));
    expect(verdict).toMatchObject({
      kind: "agent-error",
      code,
      errorFamily,
      clearSession,
      sessionId: ANSWERED.sessionId,
    });
  });

  test("a refusal that exits with 0 is no success", () => {
    expect(
      judge(evidenceOf([job(), ended(0), agent({ ...SUCCEEDED, result: result({ stopReason: "refusal" }) })])).code,
    ).toBe("claude_refusal");
  });

  test("an unknown session is told only before a session began", () => {
    const errors = ["No conversation found with session ID: 1"];
    const terminal = result({
      subtype: "error_during_execution",
      isError: true,
      terminalReason: null,
      errors,
      numTurns: 3,
    });
    expect(judge(evidenceOf([job(), ended(1), agent({ ...ANSWERED, result: terminal })])).code).toBe("claude_error");
  });

  test("an error under the subtype success is not explained by it", () => {
    const terminal = result({ isError: true, terminalReason: "completed" });
    const verdict = judge(
      evidenceOf([job(), ended(0, {}, { exitCode: 0 }), agent({ ...SUCCEEDED, result: terminal })]),
    );
    expect(verdict.sentence).toMatch(/ended with exit code 0 and reported an error\.$/);
  });

  test("success with a bad exit code is not success", () => {
    const verdict = judge(evidenceOf([job(), ended(1), agent(SUCCEEDED)]));
    expect(verdict).toMatchObject({ code: "claude_error", exitCode: 1 });
    expect(verdict.sentence).toContain("reported success, but it ended with exit code 1");
    const disagree = judge(evidenceOf([job(), ended(9, {}, { exitCode: 0 }), agent(SUCCEEDED)]));
    expect(disagree.sentence).toContain("its container ended with exit code 9");
    for (const seal of [{ exitCode: 1 }, { exitCode: null, signal: "SIGKILL" }, { exitCode: 0, signal: "SIGTERM" }])
      expect(judge(evidenceOf([job(), ended(0, {}, seal), agent(SUCCEEDED)])).kind).toBe("agent-error");
  });
});
