import { describe, expect, test } from "vitest";
import type { Observation } from "../../../src/run/observe/evidence/reduce.ts";
import { judge } from "../../../src/run/verdict/verdict.ts";
import {
  cancel,
  container,
  ended,
  evidenceOf,
  job,
  jobDeleted,
  pod,
  RUNNING,
  transcript,
} from "../support/evidence.ts";

describe("the seal when every log line is lost", () => {
  const sealed = (terminal: object, more: object = {}) => ({
    agent: {
      session_id: "s-1",
      model: "m-1",
      init: true,
      content: true,
      result: { num_turns: 2, run_cost_usd: 0.5, usage: { output_tokens: 4 }, ...terminal },
      ...more,
    },
  });

  test("success with session, usage and cost", () => {
    const verdict = judge(
      evidenceOf([job(), ended(0, {}, sealed({ subtype: "success", is_error: false, text: "Done." }))]),
    );
    expect(verdict).toMatchObject({
      kind: "completed",
      sessionId: "s-1",
      model: "m-1",
      summary: "Done.",
      cost: { usd: 0.5, scope: "run" },
    });
  });

  test("a quota with its reset", () => {
    const terminal = { subtype: "success", is_error: true, api_error_status: 429, api_error: "usage_limit_reached" };
    const limit = { rate_limit: { status: "rejected", resetsAt: 1795335003 } };
    const verdict = judge(evidenceOf([job(), ended(1, {}, sealed(terminal, limit))]));
    expect(verdict).toMatchObject({ code: "provider_quota", retryNotBefore: "2026-11-22T08:10:03.000Z" });
  });

  test("a seal from the middle of the run is no end: the container's is", () => {
    const partial = {
      partial: true as const,
      exitCode: null,
      ending: "unknown" as const,
      agent: { session_id: "s-1", content: true },
    };
    const verdict = judge(evidenceOf([job(), ended(137, { reason: "OOMKilled" }, partial)]));
    expect(verdict).toMatchObject({
      kind: "out-of-memory",
      code: "claude_truncated",
      exitCode: 137,
      signal: "SIGKILL",
      sessionId: "s-1",
    });
  });

  test("silence with missing lines is not called silence", () => {
    const gap = (cause: "lost" | "undelivered"): Observation => ({
      kind: "transcript",
      report: { state: "missing", lines: 0, gaps: [{ channel: "stdout", from: 1, to: 2, cause, why: "test" }] },
    });
    expect(judge(evidenceOf([job(), ended(1), gap("lost")]))).toMatchObject({ code: "claude_truncated" });
    // What was read is known, whether the host took it or not.
    expect(judge(evidenceOf([job(), ended(1), gap("undelivered")]))).toMatchObject({ code: "claude_start_failed" });
    expect(judge(evidenceOf([job(), ended(1), transcript(0)]))).toMatchObject({ code: "claude_start_failed" });
  });

  test("a log that nobody could read is not called silence", () => {
    const report = { state: "unproven", lines: 0, why: "the log could not be read: refused (403)" } as const;
    const unread: Observation = { kind: "transcript", report: { ...report, unread: "refused (403)" } };
    const verdict = judge(evidenceOf([job(), ended(1), unread]));
    expect(verdict).toMatchObject({ code: "k8s_observation_lost" });
    expect(verdict.sentence).toMatch(/could not be read: refused \(403\); it ended with exit code 1/);
    expect(verdict.evidence.join()).toContain("refused (403)");
    expect(judge(evidenceOf([job(), ended(1), { kind: "transcript", report }]))).toMatchObject({
      code: "claude_start_failed",
    });
  });

  test("an agent that was stopped before it started is said to be that, whoever stopped it", () => {
    const early = ended(143, {}, { exitCode: null, signal: null, ending: "terminated", error: "told to stop" });
    const bootstrap = { kind: "bootstrap", providerWorkStarted: false };
    const alone = judge(evidenceOf([job(), pod(RUNNING), early, transcript(0)]));
    expect(alone).toMatchObject({ code: "claude_start_failed", executionRecovery: bootstrap, exitCode: null });
    expect(alone.sentence).toContain("was stopped before it started");
    // A pull that failed once and then did not is no cause.
    const pulled = { phase: "Pending", containerStatuses: [container({ waiting: { reason: "ErrImagePull" } })] };
    expect(judge(evidenceOf([job(), pod(pulled), pod(RUNNING), early])).sentence).toBe(alone.sentence);
    const stopped = judge(evidenceOf([job(), pod(RUNNING), cancel(), early]));
    expect(stopped).toMatchObject({ kind: "cancelled", stopped: true });
    expect(stopped.sentence).toContain("it was stopped before its agent started");
    const deleted = judge(evidenceOf([job(), pod(RUNNING), jobDeleted(), early]));
    expect(deleted).toMatchObject({ code: "k8s_job_deleted_externally", executionRecovery: bootstrap });
  });

  test("a program that could not be started", () => {
    const seal = { exitCode: null, ending: "not-started" as const, error: "spawn claude ENOENT" };
    const verdict = judge(evidenceOf([job(), pod(RUNNING), ended(127, {}, seal)]));
    expect(verdict).toMatchObject({ kind: "start-failed", executionRecovery: { kind: "bootstrap" } });
    expect(verdict.sentence).toContain("spawn claude ENOENT");
  });
});
