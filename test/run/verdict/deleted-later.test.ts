import { expect, test } from "vitest";
import type { Observation } from "../../../src/run/observe/evidence/reduce.ts";
import type { Fault } from "../../../src/run/shared/run-fault.ts";
import { judge } from "../../../src/run/verdict/verdict.ts";
import { ANSWERED, agent, ended, evidenceOf, job, jobDeleted, T0 } from "../support/evidence.ts";

/** What happens after the agent has ended does not explain its end. */

const KILLED = ended(137) as Extract<Observation, { kind: "pod" }>;
const CUT = { kind: "truncated", code: "claude_truncated", exitCode: 137, signal: "SIGKILL" };

test("the Job's TTL removed it", () => {
  const over = job({ conditions: [{ type: "Failed", status: "True", reason: "BackoffLimitExceeded" }] });
  expect(judge(evidenceOf([job(), KILLED, over, jobDeleted(), agent(ANSWERED)]))).toMatchObject(CUT);
});

test("somebody removed the pod minutes later", () => {
  const removed = { ...KILLED.pod, metadata: { ...KILLED.pod.metadata, deletionTimestamp: "2026-11-22T07:05:00Z" } };
  const late: Observation = { kind: "pod", pod: removed, deleted: true, at: T0 + 300_000 };
  expect(judge(evidenceOf([job(), late, agent(ANSWERED)]))).toMatchObject(CUT);
});

test("the adapter lost the cluster from sight", () => {
  const fault: Fault = {
    code: "k8s_observation_lost",
    message: "gone",
    fix: null,
    status: 503,
    fatal: true,
    at: T0 + 60_000,
  };
  expect(judge(evidenceOf([job(), KILLED, { kind: "fault", fault }, agent(ANSWERED)]))).toMatchObject(CUT);
});

test("an earlier process of the adapter had stopped the run and left only its note", () => {
  const annotations = { "paperclip.io/stopped": "Cancelled by a board operator" };
  const suspended = job({ conditions: [{ type: "Suspended", status: "True" }] }, { annotations });
  const verdict = judge(evidenceOf([suspended, ended(143, {}, { ending: "terminated" }), agent(ANSWERED)]));
  expect(verdict).toMatchObject({ kind: "cancelled", code: "cancelled", stopped: true });
  expect(verdict.sentence).toMatch(/earlier process of the adapter stopped the run: Cancelled by a board operator/);
});

test("a Job deleted in the foreground goes only after its pods: nothing of it is alive", () => {
  const gone = (finalizers: string[]): Observation => {
    const metadata = { name: "j", uid: "job-uid", deletionTimestamp: "2026-11-22T07:01:00Z", finalizers };
    return { kind: "job", job: { metadata, spec: { template: {} } }, deleted: true, at: T0 };
  };
  expect(judge(evidenceOf([gone(["foregroundDeletion"])])).stopped).toBe(true);
  expect(judge(evidenceOf([gone(["orphan"])])).stopped).toBe(false);
});
