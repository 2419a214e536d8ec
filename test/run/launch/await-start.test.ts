import { afterEach, describe, expect, it } from "vitest";
import { KubernetesClient } from "../../../src/kubernetes/client.ts";
import { awaitStart } from "../../../src/run/launch/await-start.ts";
import type { FindPod } from "../../../src/run/observe/find-pod.ts";
import { createObservedRun, type ObservedRun } from "../../../src/run/observe/observed-run.ts";
import { jobInCluster } from "../../../src/run/shared/launched-run.ts";
import { ApiServer, refuse } from "../../kubernetes/support/api-server.ts";
import { container, JOB, job, podObject, RUN, RUNNING, T0 } from "../support/evidence.ts";

let server: ApiServer;
afterEach(() => server.stop());

const CREATING = podObject(
  { phase: "Pending", containerStatuses: [container({ waiting: { reason: "ContainerCreating" } })] },
  { resourceVersion: "15" },
);
const STARTED = podObject(RUNNING, { resourceVersion: "20" });

/** Waits for a pod of which only the creation was told, though its time is over; `look` answers what the cluster has. */
async function waitLate(look: (record: ObservedRun) => ReturnType<FindPod>): Promise<ObservedRun> {
  server = await ApiServer.start((_, reply) => refuse(reply, 503, "ServiceUnavailable", "away"));
  let now = T0;
  const clock = { now: () => (now += 60_000), sleep: () => new Promise<void>(() => undefined) };
  const client = new KubernetesClient(await server.cluster(), { clock });
  const record = createObservedRun(RUN);
  record.add(job());
  record.add({ kind: "pod", pod: CREATING, deleted: false, at: T0 });
  const { signal } = new AbortController();
  await awaitStart(
    client,
    jobInCluster(JOB),
    record,
    { podStartTimeoutSec: 8, queueTimeoutSec: 0 },
    () => look(record),
    signal,
  );
  return record;
}

const gaveUp = ({ evidence }: ObservedRun): boolean => evidence.acts.gaveUp !== null;

describe("a pod whose time to start is over", () => {
  it("is given up when the cluster shows now what was told of it", async () => {
    const record = await waitLate(async () => ({ kind: "found", pod: CREATING as never }));
    expect(gaveUp(record)).toBe(true);
  });

  it("is not given up when the cluster shows that it started", async () => {
    const record = await waitLate(async () => ({ kind: "found", pod: STARTED as never }));
    expect(gaveUp(record)).toBe(false);
  });

  it("is not given up when the watch tells that it started while we look", async () => {
    const record = await waitLate(async (seen) => {
      seen.add({ kind: "pod", pod: STARTED, deleted: false, at: T0 });
      return { kind: "found", pod: STARTED as never };
    });
    expect(gaveUp(record)).toBe(false);
  });
});

/** Seconds after which a pod is given up whose newest Event says that; each sleep of the wait takes 5 s. */
async function patienceWith(reason: string, message: string, podStartTimeoutSec: number): Promise<number> {
  server = await ApiServer.start((_, reply) => refuse(reply, 403, "Forbidden", "events"));
  let now = T0;
  const clock = {
    now: () => now,
    sleep: async () => {
      now += 5_000;
    },
  };
  const client = new KubernetesClient(await server.cluster(), { clock });
  const record = createObservedRun(RUN);
  record.add(job());
  record.add({ kind: "pod", pod: CREATING, deleted: false, at: T0 });
  const event = {
    metadata: { resourceVersion: "16" },
    involvedObject: { kind: "Pod" },
    reason,
    type: "Warning",
    message,
  };
  record.add({ kind: "event", event });
  const findPod: FindPod = async () => ({ kind: "found", pod: CREATING as never });
  await awaitStart(
    client,
    jobInCluster(JOB),
    record,
    { podStartTimeoutSec, queueTimeoutSec: 0 },
    findPod,
    new AbortController().signal,
  );
  return record.evidence.acts.gaveUp?.waitedSec ?? Number.NaN;
}

describe("trouble of a pod that starts", () => {
  it.each([
    ["FailedAttachVolume", 'Multi-Attach error for volume "pv" Volume is already used by pod(s) agent-1'],
    ["FailedMount", 'MountVolume.SetUp failed for volume "pv": hostPath type check failed'],
    ["FailedCreatePodSandBox", "failed to assign an IP address to container"],
  ])("that may heal has the whole podStartTimeoutSec: %s", async (reason, message) => {
    expect(await patienceWith(reason, message, 900)).toBe(900);
    await server.stop();
    expect(await patienceWith(reason, message, 30)).toBe(30);
  });

  it("that names a missing object has two minutes, and no longer than podStartTimeoutSec", async () => {
    const message = 'MountVolume.SetUp failed for volume "v" : secret "x" not found';
    expect(await patienceWith("FailedMount", message, 900)).toBe(120);
    await server.stop();
    expect(await patienceWith("FailedMount", message, 30)).toBe(30);
  });
});
