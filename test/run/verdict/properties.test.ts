import fc from "fast-check";
import type { Pod } from "kubernetes-types/core/v1";
import { expect, test } from "vitest";
import type { AgentResult, TerminalResult } from "../../../src/claude/agent-result.ts";
import { toExecutionResult } from "../../../src/run/conclude/result.ts";
import type { Observation } from "../../../src/run/observe/evidence/reduce.ts";
import { describeWaiting } from "../../../src/run/observe/waiting/waiting.ts";
import { stoppedBeforeStart } from "../../../src/run/verdict/ending.ts";
import { judge, VERDICT_CODES } from "../../../src/run/verdict/verdict.ts";
import { cases } from "../../support/thoroughness.ts";
import {
  agent,
  cancel,
  container,
  ended,
  evidenceOf,
  job,
  jobDeleted,
  podObject,
  result,
  sealOf,
  T0,
} from "../support/evidence.ts";

const word = fc.constantFrom(
  "",
  "success",
  "error_max_turns",
  "api_error",
  "aborted_tools",
  "refusal",
  "OOMKilled",
  "usage_limit_reached",
  "x",
);
const code = fc.constantFrom(0, 1, 3, 128, 137, 143, 255);
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null });

const terminal: fc.Arbitrary<TerminalResult> = fc
  .record({
    subtype: maybe(word),
    isError: maybe(fc.boolean()),
    terminalReason: maybe(word),
    stopReason: maybe(word),
    apiErrorStatus: maybe(fc.constantFrom(400, 401, 403, 404, 429, 500, 529)),
    apiErrorType: maybe(word),
    apiError: maybe(word),
    errors: fc.array(fc.string(), { maxLength: 2 }),
    numTurns: maybe(fc.nat(5)),
  })
  .map(result);

const agentSeen: fc.Arbitrary<Partial<AgentResult>> = fc.record(
  {
    sessionId: maybe(fc.string()),
    model: maybe(fc.string()),
    progress: fc.constantFrom("nothing", "started", "empty", "content"),
    init: maybe(fc.boolean()),
    result: maybe(terminal),
    assistantError: maybe(word),
    rateLimit: maybe(fc.record({ status: maybe(word), resetsAt: maybe(fc.double()), type: maybe(word) })),
    summary: fc.string(),
  },
  { requiredKeys: [] },
);

const seal = fc.record({
  exitCode: maybe(code),
  signal: maybe(fc.constantFrom("SIGKILL", "SIGTERM")),
  ending: fc.constantFrom("exit", "terminated", "timeout", "after-result", "silent", "not-started", "unknown"),
  agent: fc.jsonValue() as fc.Arbitrary<never>,
});

const condition = fc.record({
  type: fc.constantFrom("DisruptionTarget", "Failed", "Complete", "FailureTarget", "Suspended", "PodScheduled"),
  status: fc.constantFrom("True", "False"),
  reason: fc.constantFrom(
    "DeadlineExceeded",
    "BackoffLimitExceeded",
    "EvictionByEvictionAPI",
    "PodFailurePolicy",
    "Unschedulable",
    "",
  ),
  message: fc.string(),
});

const stamp = maybe(fc.constantFrom("2026-11-22T07:00:00Z", "1970-01-01T00:00:00Z", "not a time"));
const state = fc.oneof(
  fc.record({
    waiting: fc.record({
      reason: fc.constantFrom("ErrImagePull", "ContainerCreating", "InvalidImageName", ""),
      message: fc.string(),
    }),
  }),
  fc.record({ running: fc.constant({}) }),
  fc.record({
    terminated: fc.record({
      exitCode: code,
      reason: word,
      message: fc.oneof(
        fc.string(),
        seal.map((value) => JSON.stringify(sealOf(0, value))),
      ),
      startedAt: stamp,
      finishedAt: stamp,
    }),
  }),
  fc.constant(undefined),
);

const podStatus = fc.record(
  {
    phase: fc.constantFrom("Pending", "Running", "Succeeded", "Failed", "Unknown"),
    reason: fc.constantFrom("", "Evicted", "DeadlineExceeded", "NodeLost"),
    conditions: fc.array(condition, { maxLength: 3 }),
    containerStatuses: state.map((value) => [container(value as Parameters<typeof container>[0])]),
    initContainerStatuses: state.map((value) => [container(value as Parameters<typeof container>[0], "init")]),
  },
  { requiredKeys: [] },
) as fc.Arbitrary<Pod["status"]>;

const meta = fc.record({ deletionTimestamp: fc.constantFrom("2026-11-22T07:01:00Z", "soon") }, { requiredKeys: [] });
const at = fc.oneof(fc.constantFrom(T0, T0 + 60_000), fc.double());

const observation: fc.Arbitrary<Observation> = fc.oneof(
  fc.tuple(podStatus, meta, fc.boolean(), at).map(([status, metadata, deleted, at]) => ({
    kind: "pod" as const,
    pod: podObject(status, metadata),
    deleted,
    at,
  })),
  fc.tuple(fc.array(condition, { maxLength: 3 }), meta).map(([conditions, metadata]) => job({ conditions }, metadata)),
  fc.constant(jobDeleted()),
  fc.record({ kind: fc.constant("job-gone" as const), at }),
  fc.record({ kind: fc.constant("pod-gone" as const), at }),
  fc.record({ kind: fc.constant("event" as const), event: fc.jsonValue().map((value) => Object(value)) }),
  agentSeen.map(agent),
  fc.constant(cancel()),
  fc.record({
    kind: fc.constant("act" as const),
    act: fc.record({ kind: fc.constant("detach" as const), reason: fc.string(), at }),
  }),
  fc.record({
    kind: fc.constant("fault" as const),
    fault: fc.record({
      code: fc.constantFrom("k8s_job_create_failed", "other"),
      message: fc.string(),
      fix: maybe(fc.string()),
      status: maybe(code),
      fatal: fc.boolean(),
      mayRun: fc.boolean(),
      at,
    }),
  }),
  fc.record({
    kind: fc.constant("transcript" as const),
    report: fc.constantFrom(
      { state: "complete" as const, lines: 2 },
      {
        state: "missing" as const,
        lines: 1,
        gaps: [{ channel: "stdout", from: 2, to: 3, cause: "lost", why: "test" }],
      },
    ),
  }),
);

const evidence = fc.array(observation, { maxLength: 8 }).map((seen) => evidenceOf([job(), ...seen]));

test("judge and the host's result never throw, and every failure is whole", () => {
  fc.assert(
    fc.property(evidence, (seen) => {
      const verdict = judge(seen);
      const result = toExecutionResult(verdict, seen, {});
      expect(JSON.parse(JSON.stringify(result.resultJson))).toBeTruthy();
      expect((result.errorMessage ?? "").length).toBeLessThanOrEqual(600);
      // Null is an order to forget the task's session.
      if (!result.clearSession)
        for (const key of ["sessionId", "sessionParams", "sessionDisplayId"])
          expect(result[key as "sessionId"]).not.toBeNull();
      expect(verdict.sentence).toMatch(/\S.*[.…]$/s);
      expect(verdict.evidence.length).toBeGreaterThan(0);
      if (verdict.kind === "completed") return;
      expect(VERDICT_CODES).toContain(verdict.code);
      expect(verdict.fix).not.toBe("");
    }),
    { numRuns: cases(1000) },
  );
});

test("completed only with a success event that is no error, and exit 0 of agent and container", () => {
  fc.assert(
    fc.property(evidence, (seen) => {
      if (judge(seen).kind !== "completed") return;
      const sealed = seen.seal?.agent?.result;
      const subtype = seen.agent?.result ? seen.agent.result.subtype : sealed?.subtype;
      const isError = seen.agent?.result ? seen.agent.result.isError : sealed?.is_error;
      expect({ subtype, isError }).toEqual({ subtype: "success", isError: false });
      // A process that the runner ended after its result counts by the result alone.
      if (seen.seal?.ending !== "after-result" && seen.seal?.ending !== "silent") {
        expect(seen.pod?.agent.terminated?.exitCode).toBe(0);
        if (seen.seal) expect(seen.seal).toMatchObject({ exitCode: 0, signal: null });
      }
      expect(
        seen.acts.cancel === null || seen.acts.cancel.at >= (seen.pod?.agent.terminated?.seenAt ?? Number.NaN),
      ).toBe(true);
    }),
    { numRuns: cases(1000) },
  );
});

test("the property above does see completed runs", () => {
  const good = fc
    .array(observation, { maxLength: 3 })
    .map((seen) => evidenceOf([job(), ended(0), agent({ result: result() }), ...seen]));
  expect(fc.sample(good, 300).filter((seen) => judge(seen).kind === "completed").length).toBeGreaterThan(10);
});

test("a run that ended by no act of ours is never called cancelled, timed out by us or detached", () => {
  const unacted = evidence.map((seen) => ({
    ...seen,
    acts: { cancel: null, gaveUp: null, gaveUpPod: null, detach: null },
  }));
  fc.assert(
    fc.property(unacted, (seen) => {
      expect(["cancelled", "detached"]).not.toContain(judge(seen).kind);
    }),
  );
});

test("bootstrap is never claimed for an agent that was heard or seen running", () => {
  fc.assert(
    fc.property(evidence, (seen) => {
      const verdict = judge(seen);
      const heard = (seen.agent?.progress ?? "nothing") !== "nothing" || seen.agent?.result;
      // The container ran, and its seal says that no agent was started in it.
      const notBegun = seen.seal?.ending === "not-started" || stoppedBeforeStart(seen.seal);
      if (verdict.kind === "completed" || !(heard || (seen.pod?.agent.ran && !notBegun))) return;
      expect(verdict.executionRecovery?.kind).not.toBe("bootstrap");
    }),
    { numRuns: cases(500) },
  );
});

test("what a pod waits for can always be told", () => {
  fc.assert(
    fc.property(podStatus, meta, fc.array(fc.jsonValue().map((value) => Object(value))), (status, metadata, events) => {
      const pod = podObject(status, metadata);
      expect(describeWaiting({ pod, job: null, events, container: "claude" }).state).not.toBe("");
    }),
  );
});
