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

type Word = readonly [atSec: number, reason: string, message: string];

const patienceWith = (reason: string, message: string, podStartTimeoutSec: number): Promise<number> =>
  patienceAfter([[0, reason, message]], podStartTimeoutSec);

/** Seconds after which a pod is given up whose Events say that in turn; each sleep of the wait takes 5 s. */
async function patienceAfter(words: readonly Word[], podStartTimeoutSec: number): Promise<number> {
  server = await ApiServer.start((_, reply) => refuse(reply, 403, "Forbidden", "events"));
  let now = T0;
  const record = createObservedRun(RUN);
  const left = [...words];
  const say = (): void => {
    while (left[0] && left[0][0] * 1000 <= now - T0) {
      const [at = 0, reason = "", message = ""] = left.shift() ?? [];
      const metadata = { uid: `event-${at}`, resourceVersion: `${16 + at}` };
      const lastTimestamp = new Date(T0 + at * 1000).toISOString();
      const about = { metadata, involvedObject: { kind: "Pod" }, type: "Warning", lastTimestamp };
      record.add({ kind: "event", event: { ...about, reason, message } });
    }
  };
  const clock = {
    now: () => now,
    sleep: async () => {
      now += 5_000;
      say();
    },
  };
  const client = new KubernetesClient(await server.cluster(), { clock });
  record.add(job());
  record.add({ kind: "pod", pod: CREATING, deleted: false, at: T0 });
  say();
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

  const ATTACH: Word = [0, "FailedMount", 'MountVolume.SetUp failed for volume "pv": driver not found in the list'];
  const SECRET = 'MountVolume.SetUp failed for volume "v" : secret "x" not found';

  it("that names a missing object after other trouble has its two minutes from then on", async () => {
    expect(await patienceAfter([ATTACH, [300, "FailedMount", SECRET]], 900)).toBe(420);
    await server.stop();
    // All of it together has no more time than a pod may take to start.
    expect(await patienceAfter([ATTACH, [300, "FailedMount", SECRET]], 360)).toBe(360);
  });

  it("that names it in turn with what else follows from it is given up all the same", async () => {
    const timedOut = "Unable to attach or mount volumes: unmounted volumes=[v]: timed out waiting for the condition";
    const words = [0, 60, 120, 180, 240].map(
      (at, index): Word => [at, "FailedMount", index % 2 === 0 ? SECRET : timedOut],
    );
    expect(await patienceAfter(words, 900)).toBe(120);
  });
});
