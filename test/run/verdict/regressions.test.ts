import { expect, test } from "vitest";
import type { TerminalResult } from "../../../src/claude/agent-result.ts";
import type { Observation } from "../../../src/run/observe/evidence/reduce.ts";
import type { Fault } from "../../../src/run/shared/run-fault.ts";
import { judge } from "../../../src/run/verdict/verdict.ts";
import { readSample } from "../support/claude-sample.ts";
import {
  ANSWERED,
  agent,
  cancel,
  container,
  ended,
  evidenceOf,
  job,
  jobDeleted,
  pod,
  RUNNING,
  result,
  SUCCEEDED,
  T0,
  transcript,
} from "../support/evidence.ts";

/** Lessons of the adapter before this one, as far as a verdict can hold them; the numbers are theirs. */

function apiTrouble(fatal = false): Observation {
  const message = "get jobs failed (503 ServiceUnavailable)";
  const fault: Fault = { code: "k8s_observation_lost", message, fix: null, status: 503, fatal, at: T0 };
  return { kind: "fault", fault };
}

test("50: a completion poll that fails makes a living run neither done nor failed by itself", () => {
  const verdict = judge(evidenceOf([job(), pod(RUNNING), apiTrouble(), agent(ANSWERED)]));
  expect(verdict).toMatchObject({ kind: "truncated", stopped: false, exitCode: null });
  expect(verdict.sentence).toContain("not observable yet");
  const later = judge(evidenceOf([job(), pod(RUNNING), apiTrouble(), ended(0), agent(SUCCEEDED)]));
  expect(later.kind).toBe("completed");
});

test("51: an API that stays down is named, and the run is not called dead", () => {
  const verdict = judge(evidenceOf([job(), pod(RUNNING), apiTrouble(true), agent(ANSWERED)]));
  expect(verdict).toMatchObject({ kind: "adapter-fault", code: "k8s_observation_lost", stopped: false });
  expect(verdict.sentence).toMatch(/503.*may still be alive/);
});

test("52: the container's end is enough, the Job's condition may lag", () => {
  expect(judge(evidenceOf([job({ active: 1 }), ended(0), agent(SUCCEEDED)])).kind).toBe("completed");
});

test("53: when the Job is gone, what was captured still counts", () => {
  const gone: Observation = { kind: "job-gone", at: T0 + 40_000 };
  expect(judge(evidenceOf([job(), ended(0), gone, agent(SUCCEEDED)])).kind).toBe("completed");
  const cut = judge(
    evidenceOf([job(), pod(RUNNING), gone, { kind: "pod-gone", at: T0 + 40_000 }, agent(ANSWERED), transcript(3)]),
  );
  expect(cut).toMatchObject({
    code: "k8s_job_deleted_externally",
    sessionId: ANSWERED.sessionId,
    summary: "I have begun.",
  });
});

test("54: a deletion without result says so, with forensics; a lag alone does not", () => {
  const verdict = judge(evidenceOf([job({ active: 1 }), pod(RUNNING), jobDeleted(), agent(ANSWERED), transcript(3)]));
  expect(verdict.code).toBe("k8s_job_deleted_externally");
  expect(verdict.evidence[0]).toBe(
    "Job ac-agent-run-abc123 (job-uid): the watch saw it deleted; last known: no condition; 3 lines received",
  );
  const lagging = judge(evidenceOf([job({ active: 1 }), ended(143, {}, { ending: "terminated" }), agent(ANSWERED)]));
  expect(lagging.code).toBe("claude_truncated");
});

test("55: Paperclip's own end is no end of the run", () => {
  const detach: Observation = { kind: "act", act: { kind: "detach", reason: "Legacy controller lease lost", at: T0 } };
  const verdict = judge(evidenceOf([job(), pod(RUNNING), detach, agent(ANSWERED)]));
  expect(verdict).toMatchObject({
    kind: "detached",
    code: "k8s_controller_detached",
    stopped: false,
    executionRecovery: null,
  });
  expect(judge(evidenceOf([job(), ended(0), detach, agent(SUCCEEDED)])).kind).toBe("completed");
});

test("56: an explicit cancel is `cancelled`, and proves that the agent is stopped only when it is", () => {
  const stopped = judge(
    evidenceOf([job(), pod(RUNNING), cancel(), ended(143, {}, { ending: "terminated" }), agent(ANSWERED)]),
  );
  expect(stopped).toMatchObject({ kind: "cancelled", code: "cancelled", stopped: true, sessionId: ANSWERED.sessionId });
  const pending = judge(evidenceOf([job(), pod(RUNNING), cancel(), agent(ANSWERED)]));
  expect(pending).toMatchObject({ kind: "cancelled", stopped: false, executionRecovery: null });
});

test("57: a pod that failed before its log could be read still tells exit code and reason", () => {
  const verdict = judge(
    evidenceOf([
      job(),
      ended(128, { reason: "StartError", message: "exec: no such file", startedAt: "1970-01-01T00:00:00Z" }),
    ]),
  );
  expect(verdict).toMatchObject({ kind: "start-failed", code: "k8s_pod_schedule_failed", exitCode: 128 });
  expect(verdict.sentence).toContain("StartError: exec: no such file");
});

test("58: only typed events: the message has no JSON in it", () => {
  for (const name of ["sigterm-slow", "api401"]) {
    const sample = readSample(name);
    const verdict = judge(evidenceOf([job(), ended(1), agent(sample.agent), transcript(sample.lines)]));
    expect(verdict.sentence).not.toMatch(/[{}"]/);
    expect(verdict.summary).toBe("");
  }
});

test("59: init only and a non-zero exit names model, exit code and what the pod says", () => {
  const started = { ...ANSWERED, progress: "started" as const, summary: "" };
  const plain = judge(evidenceOf([job(), ended(1), agent(started), transcript(1)]));
  expect(plain.code).toBe("claude_init_only");
  expect(plain.sentence).toMatch(/claude-sonnet-4-5.*exit code 1/);
  const oom = judge(evidenceOf([job(), ended(137, { reason: "OOMKilled" }), agent(started), transcript(1)]));
  expect(oom).toMatchObject({ kind: "out-of-memory", code: "k8s_out_of_memory", exitCode: 137 });
  expect(oom.sentence).toMatch(/claude-sonnet-4-5.*OOMKilled.*exit code 137/);
});

test("60: content without a result is claude_truncated, with the cause the pod names", () => {
  const cases = [
    [ended(137, { reason: "OOMKilled" }), /OOMKilled.*exit code 137 \(SIGKILL\)/],
    [ended(143), /exit code 143 \(SIGTERM\)/],
    [ended(137), /SIGKILL commonly means out of memory/],
    [
      pod({ phase: "Failed", containerStatuses: [container({ running: {} })] }),
      /present \(phase Failed\), but the end of its container is not observable yet/,
    ],
    [{ kind: "pod-gone", at: T0 + 30_000 } as const, /its pod is gone and left no status/],
  ] as const;
  for (const [end, sentence] of cases) {
    const verdict = judge(evidenceOf([job(), pod(RUNNING), end, agent(ANSWERED), transcript(4)]));
    expect.soft(verdict.code).toBe("claude_truncated");
    expect.soft(verdict.sentence).toMatch(sentence);
  }
});

test("61: an empty model response is llm_api_error, and only as long as nothing follows it", () => {
  const empty = judge(
    evidenceOf([job(), ended(1), agent({ ...ANSWERED, progress: "empty", summary: "" }), transcript(2)]),
  );
  expect(empty).toMatchObject({ code: "llm_api_error", errorFamily: "transient_upstream" });
  const claimed = judge(
    evidenceOf([job(), ended(0), agent({ ...SUCCEEDED, progress: "empty", summary: "" }), transcript(3)]),
  );
  expect(claimed).toMatchObject({ code: "llm_api_error", exitCode: 0 });
  const typed = result({ isError: true, terminalReason: "api_error", apiError: "empty_completion" });
  expect(judge(evidenceOf([job(), ended(1), agent({ ...ANSWERED, result: typed })])).code).toBe("llm_api_error");
});

test("62: a rate_limit_event gives the time to try again", () => {
  const rejected = result({ isError: true, terminalReason: "api_error", apiErrorStatus: 429 });
  const limit = { status: "rejected", resetsAt: 1795335003, type: "seven_day" };
  const verdict = judge(evidenceOf([job(), ended(1), agent({ ...ANSWERED, result: rejected, rateLimit: limit })]));
  expect(verdict).toMatchObject({ code: "provider_quota", retryNotBefore: "2026-11-22T08:10:03.000Z" });
  const allowed = agent({ ...ANSWERED, result: rejected, rateLimit: { ...limit, status: "allowed" } });
  expect(judge(evidenceOf([job(), ended(1), allowed])).code).toBe("claude_transient_upstream");
});

test("weakness 21: neither an unknown exit nor exit 0 with is_error is success", () => {
  const unseen = judge(evidenceOf([job(), pod(RUNNING), { kind: "pod-gone", at: T0 }, agent(SUCCEEDED)]));
  expect(unseen).toMatchObject({ kind: "truncated", code: "k8s_observation_lost", exitCode: null });
  const failed = judge(evidenceOf([job(), ended(0), agent({ ...SUCCEEDED, result: result({ isError: true }) })]));
  expect(failed).toMatchObject({ kind: "agent-error", exitCode: 0 });
  expect(judge(evidenceOf([job(), ended(0), agent(ANSWERED), transcript(3)])).code).toBe("claude_truncated");
});

test("weakness 22: an answer that speaks of limits, logins and turns changes nothing", () => {
  const summary =
    "Reached maximum number of turns. Please run /login. Usage limit reached. No conversation found with session ID: x";
  expect(judge(evidenceOf([job(), ended(0), agent({ ...SUCCEEDED, summary })])).kind).toBe("completed");
  const terminal: TerminalResult = result({
    subtype: "error_during_execution",
    isError: true,
    terminalReason: "model_error",
    errors: ["boom"],
  });
  const failed = judge(evidenceOf([job(), ended(1), agent({ ...ANSWERED, summary, result: terminal })]));
  expect(failed).toMatchObject({ code: "claude_error", clearSession: false, errorFamily: null });
});

test("weakness 24: a timeout keeps session, usage and what was said", () => {
  const usage = { inputTokens: 1, cacheCreationTokens: 2, cacheReadTokens: 3, outputTokens: 4 };
  const seal = ended(143, {}, { ending: "timeout" });
  const verdict = judge(
    evidenceOf([job(), seal, agent({ ...ANSWERED, usage, cost: { usd: 1, scope: "run" } })], { timeoutSec: 600 }),
  );
  expect(verdict).toMatchObject({
    kind: "timeout",
    code: "timeout",
    timedOut: true,
    sessionId: ANSWERED.sessionId,
    usage,
    summary: "I have begun.",
    executionRecovery: { kind: "interrupted", providerStopped: true },
  });
  expect(verdict.sentence).toContain("600 s");
});
