/** With the optional rights on Kueue's objects: why and at which place a run waits; and what the environment test says of a queue. */
import { describe, expect, it } from "vitest";
import { testEnvironment } from "../../src/doctor/test-environment.ts";
import { ClusterRegistry } from "../../src/kubernetes/cluster-registry.ts";
import { trustAgents } from "../support/policy.ts";
import { WORKS } from "./support/line.ts";
import { type Queues, SMALL, useQueues } from "./support/queues.ts";
import { giveOptionalRights } from "./support/rights.ts";
import { startRun, type TestRun } from "./support/run.ts";

let queues: Queues;
useQueues((made) => {
  queues = made;
});

const start = (config: Record<string, unknown> = {}): TestRun =>
  startRun(queues.place, {
    agent: WORKS,
    config: { ...SMALL, queue: "team", ...config },
    dependencies: { clusters: new ClusterRegistry() },
  });

async function end(run: TestRun): Promise<void> {
  run.cancel();
  expect(await run.result).toMatchObject({ errorCode: "cancelled" });
}

describe("a run that waits", () => {
  it("says its place, also behind one of the same shape, of which Kueue says nothing else", async () => {
    await queues.open(1);
    await giveOptionalRights(queues.place, "queues");
    const first = start();
    await first.said("ready");
    const second = start();
    const told = await second.event("k8s.run.queued");
    expect(told.message).toMatch(/^Waiting in queue team, as the first: couldn't assign flavors/);
    const third = start();
    await third.event("k8s.run.queued", /^Waiting in queue team, behind 1 other$/);
    await end(third);
    await end(second);
    await end(first);
  }, 60_000);

  it("for a queue that is not there, or is stopped, says so", async () => {
    await queues.open(1);
    await giveOptionalRights(queues.place, "queues");
    await queues.stopPolicy("Hold");
    const held = start();
    expect(await held.event("k8s.run.queued")).toMatchObject({
      level: "warn",
      message: "Waiting in queue team, as the first: LocalQueue team is inactive",
    });
    await end(held);
    const result = await start({ queue: "nope", podStartTimeoutSec: 2 }).result;
    expect(result).toMatchObject({ errorCode: "k8s_queue_refused" });
    expect(result.errorMessage).toMatch(/in queue nope.*: LocalQueue nope doesn't exist/);
  }, 60_000);

  it("with a priority class that is not there says that Kueue takes no notice of it", async () => {
    await queues.open(1);
    await giveOptionalRights(queues.place, "queues");
    const labels = { "kueue.x-k8s.io/priority-class": "no-such" };
    const result = await start({ labels, podStartTimeoutSec: 2 }).result;
    expect(result).toMatchObject({ errorCode: "k8s_queue_refused" });
    expect(result.errorMessage).toMatch(/is there a WorkloadPriorityClass no-such\?/);
  }, 60_000);
});

describe("the environment test", () => {
  const codeFor = async (queue: string) => {
    const { place } = queues;
    const config = { kubeconfig: place.kubeconfig, namespace: place.namespace, image: place.image, queue };
    const env = { PAPERCLIP_K8S_HELLO_PROBE: "off" };
    const clusters = new ClusterRegistry();
    const { checks } = await testEnvironment(
      { adapterType: "claude_k8s", config },
      { env, readPolicy: trustAgents, clusters },
    );
    return checks.find(({ code }) => code.startsWith("k8s_queue"));
  };

  it("says whether the queue is there and open, where it may look", async () => {
    await queues.open(1);
    expect(await codeFor("team")).toMatchObject({ code: "k8s_queue_unchecked", level: "info" });
    await giveOptionalRights(queues.place, "queues");
    expect(await codeFor("nope")).toMatchObject({ code: "k8s_queue_missing", level: "error" });
    await queues.untilActive("True");
    expect(await codeFor("team")).toMatchObject({ code: "k8s_queue_active", level: "info" });
    await queues.stopPolicy("Hold");
    await queues.untilActive("False");
    expect(await codeFor("team")).toMatchObject({ code: "k8s_queue_inactive", level: "warn" });
  }, 60_000);
});
