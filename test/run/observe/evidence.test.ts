import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { noEvidence, type Observation, reduceEvidence } from "../../../src/run/observe/evidence/reduce.ts";
import {
  agent,
  cancel,
  container,
  ended,
  evidenceOf,
  JOB,
  job,
  jobDeleted,
  pod,
  podObject,
  RUN,
  RUNNING,
  SUCCEEDED,
  T0,
} from "../support/evidence.ts";
import { RECORDED_CONTAINER, readRecording } from "../support/recording.ts";

function afterRecording(name: string) {
  return readRecording(name).observations.reduce(reduceEvidence, noEvidence({ ...RUN, container: RECORDED_CONTAINER }));
}

describe("what the cluster overwrites", () => {
  test.each([
    ["imagepull", "ErrImagePull"],
    ["badimage", "InvalidImageName"],
    ["nevershow", "ErrImageNeverPull"],
    ["cfgerr", "CreateContainerConfigError"],
  ])("%s: the first reason to wait stays %s", (name, reason) => {
    const { pod } = afterRecording(name);
    expect(pod?.firstWaiting).toMatchObject({ container: "main", reason });
    expect(pod?.agent.terminated?.reason).toBe("ContainerStatusUnknown");
    expect(pod?.agent.ran).toBe(false);
  });

  test("a real end is not replaced by the cluster's lost sight of it", () => {
    const lost = podObject({
      containerStatuses: [container({ terminated: { exitCode: 137, reason: "ContainerStatusUnknown" } })],
    });
    const seen = evidenceOf([job(), ended(3), { kind: "pod", pod: lost, deleted: true, at: T0 + 90_000 }]);
    expect(seen.pod?.agent.terminated).toMatchObject({ exitCode: 3, seenAt: T0 + 31_000 });
    expect(seen.pod?.presence).toBe("deleted");
  });

  test("when an end was first seen stays, however often it is told", () => {
    const again = { ...ended(3), at: T0 + 90_000 } as Observation;
    expect(evidenceOf([job(), ended(3), again]).pod?.agent.terminated?.seenAt).toBe(T0 + 31_000);
  });

  test("the first time that the deletion was asked for counts, without its grace", () => {
    expect(afterRecording("delpod").pod?.deletionAskedAt).toBe("2026-11-22T07:22:29.000Z");
  });

  test("a condition that the newer object dropped is kept", () => {
    const target = { type: "DisruptionTarget", status: "True", reason: "PreemptionByScheduler" };
    const { pod: facts } = evidenceOf([job(), pod({ conditions: [target] }), pod({ conditions: [] })]);
    expect(facts?.conditions).toMatchObject([target]);
  });
});

describe("whose pod it is", () => {
  const withOwner = (uid: string): Observation => ({
    kind: "pod",
    pod: podObject(RUNNING, {
      ownerReferences: [{ apiVersion: "batch/v1", kind: "Job", name: JOB.metadata?.name ?? "", uid }],
    }),
    deleted: false,
    at: T0,
  });

  test("the Job's UID decides, not its name", () => {
    expect(evidenceOf([job(), withOwner("an-earlier-job")]).pod).toBeNull();
    expect(evidenceOf([job(), withOwner("job-uid")]).pod?.uid).toBe("pod-uid");
  });

  test("an orphaned pod has no owner left: its label stands in", () => {
    const orphan = { ownerReferences: [], labels: { "batch.kubernetes.io/controller-uid": "job-uid" } };
    expect(evidenceOf([job(), pod(RUNNING, orphan)]).pod?.phase).toBe("Running");
    expect(afterRecording("deljobdef").pod?.presence).toBe("present");
  });

  test("a Job of the same name with another UID shows that ours is gone", () => {
    const other: Observation = {
      kind: "job",
      job: { ...JOB, metadata: { ...JOB.metadata, uid: "other" } },
      deleted: false,
      at: T0 + 5,
    };
    expect(evidenceOf([job(), other]).job).toMatchObject({ uid: "job-uid", presence: "gone", endedAt: T0 + 5 });
  });

  test("a replaced pod counts, and a late word about the old one does not", () => {
    const seen = afterRecording("pfpignore");
    expect(seen.pod?.ordinal).toBe(2);
    const [first] = readRecording("pfpignore").observations.filter(({ kind }) => kind === "pod");
    expect(first && reduceEvidence(seen, first)).toEqual(seen);
  });
});

describe("what stays", () => {
  test("deleted is not undone by a late event, nor turned into gone", () => {
    const seen = evidenceOf([job(), jobDeleted(T0 + 10), job(), { kind: "job-gone", at: T0 + 20 }]);
    expect(seen.job).toMatchObject({ presence: "deleted", endedAt: T0 + 10 });
  });

  test("the first cancel counts", () => {
    expect(evidenceOf([cancel(5), cancel(9)]).acts.cancel?.at).toBe(5);
  });

  test("the seal is read from the termination message, and survives the pod", () => {
    const seen = evidenceOf([
      job(),
      ended(0, {}, { stdout: { lines: 3, bytes: 9, sha256: "", newline: true } }),
      { kind: "pod-gone", at: T0 },
    ]);
    expect(seen.seal?.stdout?.lines).toBe(3);
    expect(evidenceOf([job(), ended(1, { message: "plain words" })]).seal).toBeNull();
  });

  test("Events and faults are bounded, and what matters outlives the rest", () => {
    const event = (index: number, type: string): Observation => ({
      kind: "event",
      event: { metadata: { uid: `${index}` }, involvedObject: {}, type, reason: `R${index}` },
    });
    const fault = (index: number, fatal: boolean): Observation => ({
      kind: "fault",
      fault: { code: "c", message: `${index}`, fix: null, status: null, fatal, at: index },
    });
    const many = Array.from({ length: 500 }, (_, index) => [
      event(index, index === 0 ? "Warning" : "Normal"),
      fault(index, index === 0),
    ]);
    const seen = evidenceOf(many.flat());
    expect(seen.events.length).toBeLessThanOrEqual(40);
    expect(seen.events[0]?.reason).toBe("R0");
    expect(seen.faults.length).toBeLessThanOrEqual(20);
    expect(seen.faults[0]?.fatal).toBe(true);
    expect(seen.faults.at(-1)?.message).toBe("499");
  });

  test("an Event that repeats is one Event with a count", () => {
    expect(afterRecording("volsecret").events.filter(({ reason }) => reason === "FailedMount")).toMatchObject([
      { count: 6 },
    ]);
  });

  test("evidence is plain data: it survives JSON", () => {
    fc.assert(
      fc.property(fc.constantFrom("evict", "imagepull", "oomchild3", "pfpignore"), (name) => {
        const seen = reduceEvidence(afterRecording(name), agent(SUCCEEDED));
        expect(JSON.parse(JSON.stringify(seen))).toEqual(seen);
      }),
      { numRuns: 4 },
    );
  });
});
