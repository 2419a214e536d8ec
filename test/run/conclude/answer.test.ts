/** What of the agent's words reaches the task, and what an operator reads of a failure. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { errorMessage } from "../../../src/run/conclude/error-message.ts";
import { toExecutionResult } from "../../../src/run/conclude/result.ts";
import type { Observation } from "../../../src/run/observe/evidence/reduce.ts";
import { judge } from "../../../src/run/verdict/verdict.ts";
import { ANSWERED, agent, ended, evidenceOf, job, result, SUCCEEDED, transcript } from "../support/evidence.ts";

function outcomeOf(...seen: Observation[]) {
  const evidence = evidenceOf(seen);
  return toExecutionResult(judge(evidence), evidence, {});
}

describe("the answer", () => {
  test("of a run that succeeded is its final response, whatever its first words are", () => {
    const summary = "I'll sum up: it is done.";
    const told = outcomeOf(job(), ended(0), agent({ ...SUCCEEDED, summary }));
    expect(told).toMatchObject({ summary, resultJson: { finalResponse: { disposition: "final", text: summary } } });
  });

  test("of a run without a good result is nobody's comment", () => {
    const spoken = { ...ANSWERED, summary: "API Error: 529" };
    for (const told of [
      outcomeOf(job(), ended(1), agent({ ...spoken, result: result({ isError: true, terminalReason: "api_error" }) })),
      outcomeOf(job(), ended(143, {}, { ending: "timeout" }), agent(spoken)),
      outcomeOf(job(), ended(137, { reason: "OOMKilled" }), agent(spoken)),
    ]) {
      expect(told.summary).toBeNull();
      for (const key of ["result", "summary", "message", "finalResponse"])
        expect(told.resultJson).not.toHaveProperty(key);
    }
  });

  test("is given whole once, and bounded where it is shown beside", () => {
    const summary = "x".repeat(60_000);
    const { resultJson, summary: short } = outcomeOf(job(), ended(0), agent({ ...SUCCEEDED, summary }));
    expect(resultJson).toMatchObject({ finalResponse: { text: summary } });
    expect(short?.length).toBe(8192);
    expect(String(resultJson?.result)).toHaveLength(4096);
  });

  test("can be stored by Postgres", () => {
    const summary = `a\0b\ud83d ${"x".repeat(8192 - 6)}😀`;
    const told = outcomeOf(job(), ended(0), agent({ ...SUCCEEDED, summary }));
    expect(JSON.stringify(told)).not.toMatch(/\\u0000|\\ud83d/i);
  });
});

describe("a run whose process went on after its result", () => {
  test.each([
    [{ exitCode: 143, signal: null }, "SIGTERM"],
    [{ exitCode: null, signal: "SIGTERM" }, "SIGTERM"],
    [{ exitCode: 0, signal: null }, "SIGTERM"],
    [{ exitCode: null, signal: "SIGKILL" }, "SIGKILL"],
  ])("%j is a success, with what the host is to know", (end, signal) => {
    const told = outcomeOf(job(), ended(143, {}, { ...end, ending: "after-result" }), agent(SUCCEEDED), transcript(3));
    expect(told).toMatchObject({ exitCode: 0, signal: null, errorCode: null, errorMessage: null, timedOut: false });
    expect(told.resultJson).toMatchObject({
      verdict: "completed",
      sentence: expect.stringContaining("completed its task after 1 turn; its process went on and had to be ended"),
      unmanagedBackgroundTask: {
        kind: "terminal_result_cleanup",
        stopped: true,
        stopReason: "unmanaged_background_task_stopped",
        reason: "unmanaged background task stopped; no durable live path",
        terminalResultSeen: true,
        signal,
        forceKilled: signal === "SIGKILL",
      },
    });
  });

  test("and reports an error is that error", () => {
    const told = outcomeOf(
      job(),
      ended(143, {}, { ending: "after-result" }),
      agent({ ...ANSWERED, result: result({ isError: true, apiErrorStatus: 401, terminalReason: "api_error" }) }),
    );
    expect(told).toMatchObject({ errorCode: "claude_auth_required", exitCode: 143 });
    expect(told.resultJson).not.toHaveProperty("unmanagedBackgroundTask");
  });
});

describe("an agent that is ended because it is silent", () => {
  test("names how long, the tool, and the setting; its session is kept, and Paperclip tries again", () => {
    const silence = { sec: 1800, tool: "Bash" };
    const told = outcomeOf(job(), ended(143, {}, { ending: "silent", silence }), agent(ANSWERED), transcript(3));
    expect(told).toMatchObject({
      errorCode: "claude_silent",
      errorFamily: "transient_upstream",
      timedOut: false,
      sessionId: ANSWERED.sessionId,
      clearSession: false,
    });
    expect(told.errorMessage).toMatch(
      /printed nothing for 30 minutes during a call of the tool Bash, so the runner stopped it; it ended with exit code 143/,
    );
    expect(told.errorMessage).toContain("raise toolSilenceLimitSec");
  });

  test("between tools another setting counts", () => {
    const told = outcomeOf(
      job(),
      ended(143, {}, { ending: "silent", silence: { sec: 90, tool: null } }),
      agent(ANSWERED),
    );
    expect(told.errorMessage).toMatch(/printed nothing for 90 s, so the runner stopped it/);
    expect(told.errorMessage).toContain("raise silenceLimitSec");
  });

  test("after a good result is a success", () => {
    expect(outcomeOf(job(), ended(143, {}, { ending: "silent" }), agent(SUCCEEDED))).toMatchObject({
      exitCode: 0,
      errorCode: null,
    });
  });
});

describe("the message on a page", () => {
  test("has at most 600 characters, the sentence first, two lines of evidence, and always the fix last", () => {
    const text = fc.string({ minLength: 1, maxLength: 1000 });
    fc.assert(
      fc.property(
        text,
        fc.array(text, { maxLength: 16 }),
        fc.string({ minLength: 1, maxLength: 300 }),
        (sentence, evidence, fix) => {
          const message = errorMessage({ sentence, evidence, fix });
          expect(message.length).toBeLessThanOrEqual(600);
          expect(message.startsWith(sentence.slice(0, 200))).toBe(true);
          expect(message.endsWith(`\nWhat to do: ${fix}`)).toBe(true);
        },
      ),
    );
  });

  test("does not repeat in its evidence what the sentence says", () => {
    const message = errorMessage({
      sentence: "The pod could not start: A.",
      evidence: ["A", "B", "C", "D"],
      fix: "Do it.",
    });
    expect(message).toBe("The pod could not start: A.\nHow we know: B; C.\nWhat to do: Do it.");
  });

  test("says nothing of a transcript that cannot exist", () => {
    const unproven: Observation = {
      kind: "transcript",
      report: { state: "unproven", lines: 0, why: "the runner left no seal" },
    };
    const told = outcomeOf(
      job(),
      unproven,
      { kind: "no-pod" },
      {
        kind: "act",
        act: {
          kind: "gave-up",
          waiting: {
            state: "quota",
            reason: "FailedCreate",
            message: "exceeded quota: q",
            fix: "Wait.",
            patience: "time",
          },
          waitedSec: 9,
          at: 1,
        },
      },
    );
    expect(JSON.stringify(told)).not.toMatch(/seal|Transcript|result event/);
    expect(told.resultJson?.transcript).toBeNull();
  });
});
