import { describe, expect, test } from "vitest";
import { type Failure, judge, type Verdict } from "../../../src/run/verdict/verdict.ts";
import { readSample, SAMPLE_NAMES } from "../support/claude-sample.ts";
import { agent, ended, evidenceOf, job, transcript } from "../support/evidence.ts";

type Row = readonly [name: string, expected: Partial<Failure> | "completed", sentence: RegExp];

/** Every recorded run of Claude Code, and what is to be said of it. */
const ROWS: readonly Row[] = [
  ["plain", "completed", /^Claude Code \(claude-sonnet-4-5\) completed its task after 1 turn\.$/],
  ["resume", "completed", /completed/],
  ["bash", "completed", /after 2 turns/],
  ["bash-denied", "completed", /completed/],
  ["partial", "completed", /completed/],
  ["mcp-config", "completed", /completed/],
  ["mid500", "completed", /completed/],
  ["nostdin", "completed", /completed/],
  ["resume-after-sigkill", "completed", /completed/],
  ["root-skip-issandbox", "completed", /completed/],
  [
    "maxturns",
    { code: "max_turns_exhausted", clearSession: true, errorFamily: null },
    /limit of turns after 3 turns: Reached maximum number of turns \(2\)\.$/,
  ],
  ["badmodel", { code: "model_not_found" }, /The model no-such-model-9 does not exist/],
  ["nokey", { code: "claude_auth_required" }, /not allowed to use the API.*Not logged in/],
  ["oauth-401", { code: "claude_auth_required" }, /\(401\): Not logged in/],
  ["api401-retries1", { code: "claude_auth_required" }, /\(401\): Invalid API key/],
  ["api403", { code: "claude_auth_required" }, /\(403\)/],
  ["api400credit", { code: "claude_billing_error", errorFamily: null }, /cannot pay.*Credit balance is too low/],
  [
    "api429",
    { code: "claude_transient_upstream", errorFamily: "transient_upstream" },
    /limits the rate of requests \(429\)/,
  ],
  ["api429-retries2", { code: "claude_transient_upstream", errorFamily: "transient_upstream" }, /\(429\)/],
  // With an API key only the words tell a limit that is used up from a throttle.
  ["api429-unified", { code: "provider_quota", errorFamily: "provider_quota" }, /usage limit of the Claude account/],
  [
    "oauth-429sub",
    { code: "provider_quota", errorFamily: "provider_quota", retryNotBefore: "2026-11-22T08:10:03.000Z" },
    /usage limit of the Claude account \(five_hour\) is reached; it resets at 2026-11-22T08:10:03/,
  ],
  ["api500", { code: "claude_transient_upstream", errorFamily: "transient_upstream" }, /API failed \(500\)/],
  ["api500-retries2", { code: "claude_transient_upstream" }, /API failed \(500\)/],
  ["api529", { code: "claude_transient_upstream", errorFamily: "transient_upstream" }, /is overloaded \(529\)/],
  ["api529-retries2", { code: "claude_transient_upstream" }, /is overloaded \(529\)/],
  ["resume-unknown", { code: "session_unavailable", clearSession: true, sessionId: null }, /cannot resume its session/],
  ["resume-notuuid", { code: "session_unavailable", clearSession: true, sessionId: null }, /cannot resume its session/],
  ["sigint-tool", { code: "claude_error", exitCode: 0 }, /was interrupted \(aborted_tools\)/],
  ["sigterm-tool", { code: "claude_truncated", exitCode: 143 }, /exit code 143 \(SIGTERM\)/],
  [
    "sigkill-tool",
    { code: "claude_truncated", exitCode: null, signal: "SIGKILL" },
    /SIGKILL commonly means out of memory/,
  ],
  [
    "sigterm-slow",
    { code: "claude_init_only", exitCode: 143 },
    /before the model answered: it ended with exit code 143 \(SIGTERM\)/,
  ],
  ["api401", { code: "claude_init_only" }, /while it retried a request to the API \(401, attempt 10\)/],
  [
    "root-skip-refused",
    { code: "claude_start_failed", exitCode: 1 },
    /exit code 1 before it printed anything: --dangerously-skip-permissions/,
  ],
];

function judgeSample(name: string): Verdict {
  const sample = readSample(name);
  const killed = sample.exitCode === 137;
  const end = ended(
    sample.exitCode,
    {},
    {
      exitCode: killed ? null : sample.exitCode,
      signal: killed ? "SIGKILL" : null,
      stderr: { lines: 1, bytes: sample.stderr.length, dropped: 0, tail: sample.stderr },
    },
  );
  return judge(evidenceOf([job(), end, agent(sample.agent), transcript(sample.lines)]));
}

describe("the verdict on every recorded run of Claude Code", () => {
  test("no sample is left out", () => {
    expect(ROWS.map(([name]) => name).toSorted()).toEqual(SAMPLE_NAMES.toSorted());
  });

  test.each(ROWS)("%s", (name, expected, sentence) => {
    const verdict = judgeSample(name);
    expect(verdict.sentence).toMatch(sentence);
    if (expected === "completed") expect(verdict).toMatchObject({ kind: "completed", code: null, exitCode: 0 });
    else expect(verdict).toMatchObject(expected);
    expect(verdict.evidence.length).toBeGreaterThan(0);
  });

  test("a session that exists is always reported", () => {
    for (const [name, expected] of ROWS) {
      const { init, sessionId } = readSample(name).agent;
      if (init) expect.soft(judgeSample(name).sessionId, name).toBe(sessionId);
      else expect.soft(expected, name).not.toBe("completed");
    }
  });

  test("a resumed run reports what it used itself, not what the session used before", () => {
    const { usage, cost } = judgeSample("resume");
    expect(usage).toEqual({ inputTokens: 100, outputTokens: 25, cacheReadTokens: 50, cacheCreationTokens: 20 });
    expect(cost).toEqual({ usd: 0.0007650000000000001, scope: "run" });
  });
});
