/** What Paperclip does with a task's saved session after each way in which a run can end. */
import { describe, expect, test } from "vitest";
import { ConfigError } from "../../../src/config/config-error.ts";
import { ApiError } from "../../../src/kubernetes/api-error.ts";
import { abandon, refuse } from "../../../src/run/conclude/refuse.ts";
import { toExecutionResult } from "../../../src/run/conclude/result.ts";
import type { Observation } from "../../../src/run/observe/evidence/reduce.ts";
import { faultOf } from "../../../src/run/shared/api-advice.ts";
import { RunFault } from "../../../src/run/shared/run-fault.ts";
import { judge } from "../../../src/run/verdict/verdict.ts";
import type { Seal } from "../../../src/runner/seal.ts";
import {
  ANSWERED,
  agent,
  cancel,
  ended,
  evidenceOf,
  JOB,
  job,
  jobDeleted,
  pod,
  RUN,
  RUNNING,
  result,
  SUCCEEDED,
  T0,
  transcript,
} from "../support/evidence.ts";

type Result = ReturnType<typeof toExecutionResult>;

const SAVED = "saved-session";
const OWN = ANSWERED.sessionId;

/** The host's rule (2026.916.1): `clearSession` forgets, null forgets, a field that is not there leaves all as it was. */
function savedAfter({ clearSession, sessionParams, sessionId, sessionDisplayId }: Result): string | null {
  if (clearSession) return null;
  if (sessionParams !== undefined) return (sessionParams?.sessionId as string | undefined) ?? null;
  if (sessionId !== undefined) return sessionId;
  return sessionDisplayId === undefined ? SAVED : sessionDisplayId;
}

function outcomeOf(...seen: Observation[]): Result {
  const evidence = evidenceOf(seen, { resumedSessionId: SAVED });
  return toExecutionResult(judge(evidence), evidence, { cwd: "/paperclip" });
}

const away = new ApiError({ kind: "unreachable", request: { verb: "list", resource: "jobs" }, detail: "ECONNREFUSED" });
const fault = (code: string, error: unknown = away): RunFault =>
  new RunFault(faultOf(error, { code, doing: "It was tried", at: T0 }));
const aborted = (reason: string): AbortSignal => AbortSignal.abort(new Error(reason));
const detach: Observation = { kind: "act", act: { kind: "detach", reason: "lease lost", at: T0 } };
const gaveUp: Observation = {
  kind: "act",
  act: {
    kind: "gave-up",
    waiting: {
      state: "unscheduled",
      reason: "Unschedulable",
      message: "0/1",
      fix: null,
      patience: "time",
    },
    waitedSec: 900,
    at: T0,
  },
};
const error = (more: object) => agent({ ...ANSWERED, result: result({ isError: true, ...more }) });
const seal = (exitCode: number, more: Partial<Seal>) => ended(exitCode, {}, more);
const freshSession = { insteadOf: SAVED, why: "No conversation found with session ID: saved-session" };
const job403 = new ApiError({
  kind: "status",
  request: { verb: "create", resource: "jobs" },
  status: 403,
  detail: "no",
});

describe("the saved session of a task is kept by a run that says nothing of any session", () => {
  test.each<readonly [string, Result]>([
    [
      "a configuration that is refused",
      refuse(new ConfigError([{ field: "image", problem: "is wrong", fix: "x" }]), undefined),
    ],
    ["an API server that is away", refuse(fault("k8s_concurrency_guard_unreachable"), undefined)],
    ["a slot that is taken", refuse(fault("k8s_concurrent_run_blocked", new Error("busy")), undefined)],
    ["a Stop while it waits", refuse(new Error("aborted"), aborted("Cancelled by a board operator"))],
    ["a restart of Paperclip while it waits", refuse(new Error("aborted"), aborted("Legacy controller lease lost"))],
    ["a bug of the adapter", refuse(new TypeError("x is undefined"), undefined)],
    ["a Job that is refused", refuse(fault("k8s_job_create_failed", job403), undefined)],
    [
      "a bug of the adapter beside a living Job",
      abandon(new TypeError("x"), {
        name: "j",
        namespace: "n",
        uid: "job-uid",
        object: JOB,
        terms: { facts: RUN, graceSec: 1, silence: { silenceLimitSec: 0, toolSilenceLimitSec: 0 }, session: {} },
      }),
    ],
    ["a pod that never starts", outcomeOf(job(), pod({ phase: "Pending" }), gaveUp)],
    [
      "an agent whose program cannot be started",
      outcomeOf(job(), seal(127, { exitCode: null, ending: "not-started" }), transcript(0)),
    ],
    ["a timeout before the agent said a word", outcomeOf(job(), seal(143, { ending: "timeout" }), transcript(0))],
    ["an agent that crashed before the agent said a word", outcomeOf(job(), ended(1), transcript(0))],
    [
      "a Stop before the agent said a word",
      outcomeOf(job(), pod(RUNNING), cancel(), seal(143, { ending: "terminated" })),
    ],
    ["a Job that was deleted", outcomeOf(job(), jobDeleted())],
    ["a run that goes on without us", outcomeOf(job(), pod(RUNNING), detach)],
    [
      "a pod that was lost from sight",
      outcomeOf(job(), pod(RUNNING), { kind: "fault", fault: fault("k8s_observation_lost").fault }),
    ],
  ])("%s", (_, told) => {
    expect(told).not.toHaveProperty("sessionId");
    expect(told).not.toHaveProperty("sessionParams");
    expect(told).not.toHaveProperty("sessionDisplayId");
    expect(savedAfter(told)).toBe(SAVED);
  });
});

describe("the session that the agent named is saved", () => {
  test.each<readonly [string, Result]>([
    ["completed", outcomeOf(job(), ended(0), agent(SUCCEEDED))],
    ["completed, and ended by the runner", outcomeOf(job(), seal(143, { ending: "after-result" }), agent(SUCCEEDED))],
    ["timed out", outcomeOf(job(), seal(143, { ending: "timeout" }), agent(ANSWERED))],
    ["silent", outcomeOf(job(), seal(143, { ending: "silent" }), agent(ANSWERED))],
    ["stopped", outcomeOf(job(), pod(RUNNING), cancel(), seal(143, { ending: "terminated" }), agent(ANSWERED))],
    ["out of memory", outcomeOf(job(), ended(137, { reason: "OOMKilled" }), agent(ANSWERED))],
    ["a quota", outcomeOf(job(), ended(1), error({ apiError: "usage_limit_reached" }))],
    ["goes on without us", outcomeOf(job(), pod(RUNNING), detach, agent(ANSWERED))],
    [
      "replaced by the runner",
      outcomeOf(job(), seal(0, { freshSession, agent: { session_id: OWN ?? "" } }), agent(SUCCEEDED)),
    ],
  ])("%s", (_, told) => {
    expect(savedAfter(told)).toBe(OWN);
    expect(told).toMatchObject({ sessionParams: { cwd: "/paperclip", sessionId: OWN }, sessionDisplayId: OWN });
  });
});

describe("the saved session is forgotten", () => {
  const missing = {
    subtype: "error_during_execution",
    isError: true,
    numTurns: 0,
    errors: ["No conversation found with session ID: saved-session"],
  };
  test.each<readonly [string, string, Result]>([
    [
      "it does not exist",
      "session_unavailable",
      outcomeOf(job(), ended(1), agent({ init: false, sessionId: "other", result: result(missing) })),
    ],
    [
      "its history is refused",
      "claude_poisoned_previous_message_id",
      outcomeOf(
        job(),
        ended(1),
        error({ apiErrorStatus: 400, errors: ["diagnostics.previous_message_id: must be (starts with `msg_`)"] }),
      ),
    ],
    [
      "an image in it is refused",
      "claude_unprocessable_image",
      outcomeOf(job(), ended(1), error({ apiErrorStatus: 400, errors: ["Could not process image"] })),
    ],
    ["its turns are used up", "max_turns_exhausted", outcomeOf(job(), ended(1), error({ subtype: "error_max_turns" }))],
    [
      "it no longer fits the context",
      "llm_api_error",
      outcomeOf(job(), ended(1), error({ terminalReason: "prompt_too_long" })),
    ],
    [
      "it was replaced, and the new one never began",
      "claude_start_failed",
      outcomeOf(job(), seal(1, { freshSession }), transcript(0)),
    ],
  ])("%s", (_, code, told) => {
    expect(told).toMatchObject({ errorCode: code, clearSession: true });
    expect(savedAfter(told)).toBeNull();
  });
});

test("a replaced session is told, with what became of it", () => {
  const told = outcomeOf(job(), seal(0, { freshSession, agent: { session_id: OWN ?? "" } }), agent(SUCCEEDED));
  expect(told.resultJson).toMatchObject({ freshSession });
  expect(told.resultJson?.evidence).toContain(
    `Session ${SAVED} could not be resumed, so the run started a fresh one, ${OWN}: No conversation found with session ID: saved-session`,
  );
  // What the whole session cost is this run's alone: none of it was reported before.
  const cost = { usd: 2, scope: "session" } as const;
  expect(
    outcomeOf(job(), seal(0, { freshSession, agent: { session_id: OWN ?? "" } }), agent({ ...SUCCEEDED, cost }))
      .costUsd,
  ).toBe(2);
});

test("a fault of the adapter beside a living Job does not say that nothing is alive", () => {
  const told = abandon(new TypeError("x is undefined"), {
    name: "j",
    namespace: "n",
    uid: "job-uid",
    object: JOB,
    terms: { facts: RUN, graceSec: 1, silence: { silenceLimitSec: 0, toolSilenceLimitSec: 0 }, session: {} },
  });
  expect(told).toMatchObject({
    errorCode: "k8s_observation_lost",
    resultJson: { verdict: "adapter-fault", job: { name: JOB.metadata?.name } },
  });
  expect(told).not.toHaveProperty("executionRecovery");
  expect(told.errorMessage).toContain("the run may still be alive in the cluster");
});
