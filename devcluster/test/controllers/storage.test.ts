/** Claims: their classes, when they get a volume, how they grow, when they go, and which pods are kept together. */
import { describe, expect, test } from "vitest";
import type { Pod } from "../../src/controllers/objects.ts";
import type { ApiStore } from "../../src/store/store.ts";
import type { KubeObject } from "../../src/types.ts";
import { NAMESPACE, podGone, podPhase, sh, startCluster } from "../node/support/cluster.ts";

const claims = "persistentvolumeclaims";
const requesting = (storage: string, more: object = {}) => ({
  accessModes: ["ReadWriteOnce"],
  resources: { requests: { storage } },
  ...more,
});
const createClaim = (store: ApiStore, name: string, spec: object = requesting("1Gi")) =>
  store.create(claims, { metadata: { name, namespace: NAMESPACE }, spec });
const found = (store: ApiStore, name: string) =>
  store.get<KubeObject & { spec: Record<string, unknown>; status?: Record<string, unknown> }>(claims, NAMESPACE, name);
const mounting = (claimName: string) => ({ volumes: [{ name: "v", persistentVolumeClaim: { claimName } }] });
const resize = (store: ApiStore, name: string, storage: string) =>
  store.update(claims, NAMESPACE, name, (draft) => {
    draft.spec = { ...(draft.spec as object), resources: { requests: { storage } } };
  });

describe.concurrent("a claim", () => {
  test("is of the default class, and has its volume once its first pod has a node", async ({ expect }) => {
    await using cluster = await startCluster();
    const { store } = cluster;
    createClaim(store, "work");
    expect(found(store, "work")).toMatchObject({
      metadata: { finalizers: ["kubernetes.io/pvc-protection"] },
      spec: { storageClassName: "standard" },
      status: { phase: "Pending" },
    });
    const told = (reason: string) => store.list("events").find((event) => event.reason === reason)?.message;
    expect(told("WaitForFirstConsumer")).toBe("waiting for first consumer to be created before binding");
    cluster.createPod("pod", { ...sh("true"), ...mounting("work") });
    await cluster.until(podPhase("Succeeded"));
    const { uid } = found(store, "work")?.metadata ?? {};
    expect(found(store, "work")).toMatchObject({
      spec: { volumeName: `pvc-${uid}` },
      status: { phase: "Bound", capacity: { storage: "1Gi" } },
    });
    expect(store.get("persistentvolumes", "", `pvc-${uid}`)?.status).toMatchObject({ phase: "Bound" });
  });

  test("of a class that is not there, or of none, keeps its pod waiting", async ({ expect }) => {
    await using cluster = await startCluster();
    const { store } = cluster;
    createClaim(store, "work", requesting("1Gi", { storageClassName: "fast" }));
    cluster.createPod("pod", { ...sh("true"), ...mounting("work") });
    const refused = () => store.list("events").find((event) => event.reason === "FailedScheduling")?.message;
    await expect.poll(refused).toMatch(/pod has unbound immediate PersistentVolumeClaims/);
    expect(store.list("events").map((event) => event.message)).toContain(
      'storageclass.storage.k8s.io "fast" not found',
    );
    store.create("storageclasses", { metadata: { name: "fast" }, provisioner: "x" });
    await cluster.until(podPhase("Succeeded"));
  });

  test("grows where its class lets it, once it is bound, and does not shrink", async ({ expect }) => {
    await using cluster = await startCluster();
    const { store } = cluster;
    const fixed = { metadata: { name: "fixed" }, provisioner: "x", volumeBindingMode: "Immediate" };
    store.create("storageclasses", fixed);
    createClaim(store, "work");
    expect(() => resize(store, "work", "2Gi")).toThrow("spec is immutable after creation except resources.requests");
    cluster.createPod("pod", { ...sh("true"), ...mounting("work") });
    await cluster.until(podPhase("Succeeded"));
    resize(store, "work", "2Gi");
    await expect.poll(() => found(store, "work")?.status?.capacity).toEqual({ storage: "2Gi" });
    expect(() => resize(store, "work", "1Gi")).toThrow("can not be less than status.capacity");
    createClaim(store, "small", requesting("1Gi", { storageClassName: "fixed" }));
    await expect.poll(() => found(store, "small")?.status?.phase).toBe("Bound");
    expect(() => resize(store, "small", "2Gi")).toThrow("the storageclass that provisions the pvc must support resize");
    expect(() => createClaim(store, "none", requesting("0"))).toThrow("must be greater than zero");
  });

  test("that is deleted stays while a pod uses it, and takes its volume along", async ({ expect }) => {
    await using cluster = await startCluster();
    const { store } = cluster;
    createClaim(store, "work");
    cluster.createPod("pod", { ...sh("exec sleep 300"), ...mounting("work") });
    await cluster.until(podPhase("Running"));
    store.delete(claims, NAMESPACE, "work");
    expect(found(store, "work")?.metadata.deletionTimestamp).toBeDefined();
    store.delete("pods", NAMESPACE, "pod", { gracePeriodSeconds: 0 });
    await cluster.until(podGone);
    await expect.poll(() => found(store, "work")).toBeUndefined();
    expect(store.list("persistentvolumes")).toEqual([]);
  });
});

test("pods that are to be together go to one node: the first anywhere, the others beside it", async () => {
  await using cluster = await startCluster();
  const { store } = cluster;
  const labels = { group: "a" };
  const term = { topologyKey: "kubernetes.io/hostname", labelSelector: { matchLabels: labels } };
  const affinity = { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } };
  const create = (name: string) =>
    store.create("pods", {
      metadata: { name, namespace: NAMESPACE, labels },
      spec: { ...sh("exec sleep 300"), affinity },
    });
  const nodeOf = (name: string) => store.get<Pod>("pods", NAMESPACE, name)?.spec.nodeName;
  create("pod");
  await cluster.until(podPhase("Running"));
  const home = nodeOf("pod");
  // A second node before the first in the list, with room: only the rule keeps the pod from it.
  store.create("nodes", {
    metadata: { name: "a-second", labels: { "kubernetes.io/hostname": "a-second" } },
    status: { allocatable: { cpu: "8", memory: "8Gi", pods: "110" } },
  });
  create("beside");
  await expect.poll(() => nodeOf("beside")).toBe(home);
  store.mutate("nodes", "", home ?? "", (draft) => {
    draft.spec = { ...(draft.spec as object), unschedulable: true };
  });
  create("third");
  const why = () => store.list("events").find((event) => String(event.message).includes("affinity"))?.message;
  await expect
    .poll(why)
    .toMatch(/^0\/2 nodes are available: 1 node\(s\) didn't match pod affinity rules, 1 node\(s\) were unschedulable/);
});
