import { describe, expect, test } from "vitest";
import { quantity } from "../../src/controllers/scheduler/quantity.ts";
import { kubeEvent, NAMESPACE, podPhase, sh, startCluster, type TestCluster } from "../node/support/cluster.ts";

const NOT_HELPFUL =
  "no new claims to deallocate, preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.";
const NO_VICTIMS =
  "no new claims to deallocate, preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod.";

async function refusal(cluster: TestCluster): Promise<unknown> {
  const { object } = await cluster.until(kubeEvent("FailedScheduling"));
  const pod = cluster.store.get("pods", NAMESPACE, "pod");
  const { message } = object;
  expect(pod?.status).toMatchObject({
    conditions: [{ type: "PodScheduled", status: "False", reason: "Unschedulable", message }],
  });
  return object.message;
}

describe.concurrent("a pod that fits nowhere says why, and runs when it fits", () => {
  test("a label that comes late", async () => {
    await using cluster = await startCluster();
    cluster.createPod("pod", { ...sh("true"), nodeSelector: { disk: "ssd" } });
    expect(await refusal(cluster)).toBe(
      `0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector. ${NOT_HELPFUL}`,
    );
    cluster.store.mutate("nodes", "", cluster.node.name, (node) => {
      node.metadata.labels = { ...node.metadata.labels, disk: "ssd" };
    });
    await cluster.until(podPhase("Succeeded"));
  });

  test("a taint that is tolerated or goes", async () => {
    const taints = [{ key: "gpu", value: "yes", effect: "NoSchedule" }];
    await using cluster = await startCluster({ taints });
    cluster.createPod("tolerant", { ...sh("true"), tolerations: [{ key: "gpu", operator: "Exists" }] });
    await cluster.until(podPhase("Succeeded"));
    cluster.createPod("pod", sh("true"));
    expect(await refusal(cluster)).toBe(
      `0/1 nodes are available: 1 node(s) had untolerated taint {gpu: yes}. ${NOT_HELPFUL}`,
    );
    cluster.store.mutate("nodes", "", cluster.node.name, (node) => {
      node.spec = {};
    });
    await cluster.until((event) => podPhase("Succeeded")(event) && event.object.metadata.name === "pod");
  });

  test("room that another pod leaves", async () => {
    await using cluster = await startCluster({ capacity: { cpu: "1", memory: "1Gi" } });
    const resources = { requests: { cpu: "600m", memory: "700Mi" } };
    cluster.createPod("first", sh("exec sleep 300", { resources }));
    await cluster.until(podPhase("Running"));
    cluster.createPod("pod", sh("true", { resources }));
    expect(await refusal(cluster)).toBe(
      `0/1 nodes are available: 1 Insufficient cpu, 1 Insufficient memory. ${NO_VICTIMS}`,
    );
    cluster.store.delete("pods", NAMESPACE, "first", { gracePeriodSeconds: 0 });
    await cluster.until(podPhase("Succeeded"));
  });

  test("a claim that does not exist yet", async () => {
    await using cluster = await startCluster();
    const volumes = [{ name: "v", persistentVolumeClaim: { claimName: "late" } }];
    cluster.createPod("pod", { ...sh("true"), volumes });
    expect(await refusal(cluster)).toMatch(/^0\/1 nodes are available: persistentvolumeclaim "late" not found\. /);
    const spec = { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } };
    cluster.store.create("persistentvolumeclaims", { metadata: { name: "late", namespace: NAMESPACE }, spec });
    await cluster.until(podPhase("Succeeded"));
    expect(cluster.store.get("persistentvolumeclaims", NAMESPACE, "late")?.status).toMatchObject({ phase: "Bound" });
  });

  test("a claim that only one pod may use, until that one ends", async () => {
    await using cluster = await startCluster();
    const spec = { accessModes: ["ReadWriteOncePod"], resources: { requests: { storage: "1Gi" } } };
    cluster.store.create("persistentvolumeclaims", { metadata: { name: "one", namespace: NAMESPACE }, spec });
    const volumes = [{ name: "v", persistentVolumeClaim: { claimName: "one" } }];
    cluster.createPod("first", { ...sh("exec sleep 300"), volumes });
    await cluster.until(podPhase("Running"));
    cluster.createPod("pod", { ...sh("true"), volumes });
    expect(await refusal(cluster)).toMatch(
      /^0\/1 nodes are available: 1 node has pod using .* ReadWriteOncePod access mode\. /,
    );
    cluster.store.delete("pods", NAMESPACE, "first", { gracePeriodSeconds: 0 });
    await cluster.until(podPhase("Succeeded"));
  });

  test("affinity: the operators", async () => {
    await using cluster = await startCluster({ labels: { zone: "a", size: "8" } });
    const affinity = (matchExpressions: object[]) => ({
      nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions }] } },
    });
    const fits = [
      { key: "zone", operator: "In", values: ["a", "b"] },
      { key: "zone", operator: "NotIn", values: ["c"] },
      { key: "size", operator: "Gt", values: ["7"] },
      { key: "size", operator: "Exists" },
      { key: "none", operator: "DoesNotExist" },
    ];
    cluster.createPod("fits", { ...sh("true"), affinity: affinity(fits) });
    await cluster.until(podPhase("Succeeded"));
    cluster.createPod("pod", { ...sh("true"), affinity: affinity([{ key: "size", operator: "Lt", values: ["8"] }]) });
    expect(await refusal(cluster)).toContain("didn't match Pod's node affinity/selector");
  });
});

test.each([
  ["500m", 0.5],
  ["2", 2],
  ["1Gi", 2 ** 30],
  ["1.5k", 1500],
  ["2e3", 2000],
  ["100n", 1e-7],
])("quantity %s is %d", (text, expected) => {
  expect(quantity(text)).toBeCloseTo(expected, 12);
});

test("what is no quantity is not a number", () => {
  expect(quantity("one")).toBeNaN();
});
