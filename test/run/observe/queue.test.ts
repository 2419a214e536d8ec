/** Kueue's words on a Job that waits (measured, 0.19.2), and whether a pod that it took comes back. */
import type { Event } from "kubernetes-types/core/v1";
import { describe, expect, it } from "vitest";
import type { KueueCondition, Workload } from "../../../src/kubernetes/kueue-types.ts";
import type { Observation } from "../../../src/run/observe/observe.ts";
import { returnOf } from "../../../src/run/observe/queue/comes-back.ts";
import { readingOf } from "../../../src/run/observe/queue/reading.ts";
import { QUEUE_LABEL } from "../../../src/run/shared/names.ts";
import { evidenceOf, JOB, job, jobDeleted, pod, podObject, RUNNING, T0 } from "../support/evidence.ts";

const workload = (...conditions: KueueCondition[]): Workload => ({ spec: { active: true }, status: { conditions } });
const held = (reason: string, message: string): KueueCondition => ({
  ...{ type: "QuotaReserved", status: "False" },
  ...{ reason, message },
});
const NOTHING = { job: JOB, workload: null, events: [], pending: null };
const FULL =
  "couldn't assign flavors to pod set main: insufficient unused quota for cpu in flavor kq-flavor, 100m more needed";

const stopped = (message: string): Event => ({
  ...{ metadata: {}, involvedObject: { kind: "Job" }, reason: "Stopped", message },
  reportingComponent: "batch/job-kueue-controller",
});

describe("why a Job waits", () => {
  it.each([
    ["Pending", FULL, "waits"],
    ["Pending", `${FULL}. Pending the preemption of 1 workload(s)`, "waits"],
    [
      "Pending",
      "couldn't assign flavors to pod set main: insufficient quota for cpu in flavor kq-flavor, previously considered podsets requests (0) + current podset request (900m) > maximum capacity (200m)",
      "never",
    ],
    ["Pending", "couldn't assign flavors to pod set main: resource memory unavailable in ClusterQueue", "never"],
    ["Pending", "workload namespace doesn't match ClusterQueue selector", "never"],
    ["Inadmissible", "LocalQueue missing doesn't exist", "missing"],
    ["Inadmissible", "ClusterQueue nope doesn't exist", "missing"],
    ["Inadmissible", "LocalQueue kq-lq is inactive", "held"],
    ["WaitingForQuota", FULL, "waits"],
  ])("%s: %s → %s", (reason, why, outlook) => {
    expect(readingOf({ ...NOTHING, workload: workload(held(reason, why)) })).toEqual({ why, outlook, before: null });
  });

  it("is not said of one that is parked behind an equal one; its place is", () => {
    const items = ["other", "job-uid"].map((uid, positionInLocalQueue) => ({
      metadata: { ownerReferences: [{ apiVersion: "batch/v1", kind: "Job", name: "x", uid }] },
      positionInLocalQueue,
    }));
    const parked = workload({ type: "PodsReady", status: "False", reason: "WaitForStart" });
    expect(readingOf({ ...NOTHING, workload: parked, pending: { items } })).toEqual({
      ...{ why: null, outlook: "waits", before: 1 },
    });
  });

  it("is that Kueue has taken it out, by the Workload or by the Event", () => {
    const why = "The workload is deactivated due to exceeding the maximum number of re-queuing retries";
    const evicted: KueueCondition = { type: "Evicted", status: "True", message: why };
    const out: Workload = { ...workload(evicted), spec: { active: false } };
    expect(readingOf({ ...NOTHING, workload: out })).toMatchObject({ why, outlook: "deactivated" });
    expect(readingOf({ ...NOTHING, events: [stopped(why)] })).toMatchObject({ why, outlook: "deactivated" });
    const preempted = stopped("Preempted to accommodate a workload");
    expect(readingOf({ ...NOTHING, events: [preempted] })).toMatchObject({ why: null, outlook: "waits" });
  });

  it("may be a priority class that is not there, of which Kueue says nothing at all", () => {
    const labels = { "kueue.x-k8s.io/priority-class": "high" };
    const named = { ...JOB, metadata: { ...JOB.metadata, labels } };
    expect(readingOf({ ...NOTHING, job: named, workload: "absent" })).toMatchObject({ outlook: "missing" });
    expect(readingOf({ ...NOTHING, job: named })).toMatchObject({ outlook: "waits" });
    expect(readingOf({ ...NOTHING, workload: "absent" })).toMatchObject({ outlook: "waits" });
  });
});

describe("a pod that has gone", () => {
  const inQueue = { labels: { [QUEUE_LABEL]: "team" } };
  const DELETED = { deletionTimestamp: "2026-11-22T07:00:35Z", deletionGracePeriodSeconds: 5 };
  const taken = pod(RUNNING, DELETED);
  const suspended = { ...job({}, inQueue), at: T0 + 2000 } as Extract<Observation, { kind: "job" }>;
  const suspendedJob = { ...JOB, metadata: { ...JOB.metadata, ...inQueue }, spec: { template: {}, suspend: true } };

  const rows: [string, Observation[], string][] = [
    ["of a Job that no queue has", [job(), taken], "no"],
    ["by itself", [job({}, inQueue), pod(RUNNING)], "no"],
    ["and nobody says yet by whom", [suspended, taken], "unknown"],
    ["by its queue", [suspended, taken, { ...suspended, job: suspendedJob }], "yes"],
    ["by its queue, which has let a new one go already", [suspended, taken, pod({}, { uid: "next" })], "yes"],
    [
      "by a Stop",
      [
        {
          ...suspended,
          job: {
            ...suspendedJob,
            metadata: { ...suspendedJob.metadata, annotations: { "paperclip.io/stopped": "x" } },
          },
        },
        taken,
      ],
      "no",
    ],
    ["with its Job", [suspended, taken, jobDeleted()], "no"],
    [
      "and its Job has failed: somebody deleted it",
      [
        job({ conditions: [{ type: "FailureTarget", status: "True", reason: "BackoffLimitExceeded" }] }, inQueue),
        taken,
      ],
      "no",
    ],
  ];
  it.each(rows)("%s", (_, seen, expected) => {
    expect(returnOf(evidenceOf(seen))).toBe(expected);
  });

  it("is judged before the next one is looked at", () => {
    const { pod: judged, nextPod } = evidenceOf([suspended, taken, pod(RUNNING, { uid: "next" })]);
    expect(judged?.uid).toBe(podObject().metadata?.uid);
    expect(nextPod).toBe("next");
  });
});
