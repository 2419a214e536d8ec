/** A queue's Jobs in the eyes of the next run, of the election and of the supervisor: `suspend: true` is neither a candidate's nor a stop's. */
import type { Job } from "kubernetes-types/batch/v1";
import { describe, expect, it } from "vitest";
import { type Claimant, classifyJob } from "../../../src/run/claim/classify.ts";
import { elect } from "../../../src/run/claim/elect.ts";
import { stateOf, withPods } from "../../../src/run/shared/job-state.ts";
import { GATE, GATE_ANNOTATION } from "../../../src/run/shared/kueue.ts";
import { ANNOTATIONS, QUEUE_LABEL } from "../../../src/run/shared/names.ts";
import { decideAction } from "../../../src/run/supervise/action.ts";
import { jobOf, podOf } from "./jobs.ts";

const me: Claimant = {
  ...{ agentId: "agent", taskId: "task", runId: "run-2", sessionId: null },
  ...{ predecessors: ["run-1"], reattach: true, ownsTask: false },
};
const over = { kind: "over", status: "failed", reported: null } as const;
const cancelled = { ...over, status: "cancelled" } as const;

/** Let go, and not admitted, or admitted no more. */
function queued(annotations: Record<string, string> = {}, spec: Partial<NonNullable<Job["spec"]>> = {}): Job {
  const job = jobOf({ state: "started" });
  const metadata = { ...job.metadata, labels: { ...job.metadata?.labels, [QUEUE_LABEL]: "team" } };
  return {
    ...job,
    metadata: { ...metadata, annotations: { ...metadata.annotations, ...annotations } },
    spec: { template: {}, suspend: true, ...spec },
  };
}

describe("a Job that waits in its queue", () => {
  it("is adopted by the run that continues its own, and ended when that was cancelled", () => {
    expect(classifyJob(me, queued(), over)).toEqual({ kind: "orphan", living: true });
    expect(classifyJob(me, queued(), cancelled)).toMatchObject({ kind: "remove", removal: { how: "stop" } });
  });

  it("has its slot: no candidate starts beside it", () => {
    const candidate = { name: "a", uid: "me", agentId: "agent", taskId: "task", sessionId: null };
    expect(elect(candidate, [queued()]).kind).toBe("withdraw");
  });

  it("has its agent woken when its run is lost", () => {
    expect(decideAction(queued(), over, Date.now()).kind).toBe("wake");
    expect(decideAction(queued(), cancelled, Date.now())).toMatchObject({ kind: "remove", removal: { how: "stop" } });
  });

  it("has not finished because a pod of it that was taken back has", () => {
    const taken = podOf({ owner: "job", ending: true, ended: true });
    const [seen] = withPods([queued()], [taken], Date.now());
    expect(seen && stateOf(seen)).toBe("started");
    const [plain] = withPods([jobOf({ state: "started" })], [taken], Date.now());
    expect(plain && stateOf(plain)).toBe("finished");
  });
});

it.each([true, false])(
  "one that was stopped and not deleted is deleted, whether or not its queue has it (suspend: %s)",
  (suspend) => {
    const stopped = queued({ [ANNOTATIONS.stopped]: "cancelled" }, { suspend });
    expect(stateOf(stopped)).toBe("stopped");
    expect(classifyJob(me, stopped, over)).toMatchObject({ kind: "remove", removal: { how: "delete" } });
    expect(decideAction(stopped, over, Date.now())).toMatchObject({ kind: "remove", removal: { how: "delete" } });
  },
);

it("one that a queue without gates has started is no other run's reason to withdraw, but an election's", () => {
  const held = { ...queued({ [GATE_ANNOTATION]: GATE }, { suspend: false }) };
  delete held.metadata?.annotations?.[ANNOTATIONS.started];
  const candidate = { name: "a", uid: "me", agentId: "agent", taskId: "task", sessionId: null };
  // By name: the other one is "job".
  expect(elect(candidate, [held]).kind).toBe("wait");
  expect(elect({ ...candidate, name: "z" }, [held]).kind).toBe("withdraw");
  // What is not certain to be held is not removed as one that never ran.
  expect(decideAction(held, over, Date.now()).kind).toBe("wake");
});
