/** What happens to a pod on a node in trouble, and to one with more containers than it asked for. */
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { NAMESPACE, podGone, podPhase, sh, startCluster, type TestCluster } from "./support/cluster.ts";

const POD = { namespace: NAMESPACE, name: "pod" };

interface Status {
  readonly phase: string;
  readonly reason?: string;
  readonly message?: string;
  readonly conditions: readonly { readonly type: string; readonly status: string; readonly reason?: string }[];
  readonly containerStatuses: readonly { readonly state: Readonly<Record<string, Record<string, unknown>>> }[];
  readonly initContainerStatuses: Status["containerStatuses"];
}

const statusOf = ({ store }: TestCluster) => store.get("pods", NAMESPACE, "pod")?.status as unknown as Status;

/** Says what it leaves behind, then works for ever. */
const LABOURS = sh("printf proof > /dev/termination-log; echo works; exec sleep 600");

it("a pod that its node evicts stays: Failed, Evicted, with the message and without a log", async () => {
  await using cluster = await startCluster();
  cluster.createPod("pod", LABOURS);
  await cluster.until(podPhase("Running"));
  await cluster.untilItSpeaks("pod");
  await cluster.node.evict(POD, "The node was low on resource: ephemeral-storage. ", { under: "pressure" });
  await cluster.until(podPhase("Failed"));
  const status = statusOf(cluster);
  expect(status).toMatchObject({ reason: "Evicted", message: "The node was low on resource: ephemeral-storage. " });
  expect(status.conditions).toContainEqual(
    expect.objectContaining({ type: "DisruptionTarget", status: "True", reason: "TerminationByKubelet" }),
  );
  const { terminated } = status.containerStatuses[0]?.state ?? {};
  expect(terminated).toMatchObject({ exitCode: 137, reason: "Error", message: "proof" });
  const text = `unable to retrieve container logs for ${terminated?.containerID}`;
  expect(await cluster.log("pod")).toBe(text);
  expect(await cluster.log("pod", { follow: true, timestamps: true })).toBe(text);
});

it.each([
  [
    { resources: { limits: { "ephemeral-storage": "1Mi" } } },
    {},
    "Pod ephemeral local storage usage exceeds the total limit of containers 1Mi. ",
  ],
  [{}, { sizeLimit: "1Mi" }, 'Usage of EmptyDir volume "work" exceeds the limit "1Mi". '],
])("a pod that takes more of the disk than %j %j is evicted", async (more, emptyDir, message) => {
  await using cluster = await startCluster();
  const volumeMounts = [{ name: "work", mountPath: "/work" }];
  const spec = sh("head -c 2000000 /dev/zero > /work/large; exec sleep 600", { volumeMounts, ...more });
  cluster.createPod("pod", { ...spec, volumes: [{ name: "work", emptyDir }] });
  await cluster.until(podPhase("Failed"));
  expect(statusOf(cluster)).toMatchObject({ reason: "Evicted", message });
});

it("a node that is not heard of tells what happened once it is back", async () => {
  await using cluster = await startCluster();
  cluster.createPod("pod", sh("echo works; sleep 0.3; printf proof > /dev/termination-log; exit 3"));
  await cluster.until(podPhase("Running"));
  await cluster.untilItSpeaks("pod");
  cluster.node.disconnect();
  const node = cluster.store.get("nodes", "", cluster.node.name);
  expect(JSON.stringify(node?.spec)).toContain("node.kubernetes.io/unreachable");
  await new Promise((resolve) => setTimeout(resolve, 1000));
  expect(statusOf(cluster).phase).toBe("Running");
  cluster.node.reconnect();
  expect(statusOf(cluster)).toMatchObject({
    phase: "Failed",
    containerStatuses: [{ state: { terminated: { exitCode: 3, message: "proof" } } }],
  });
  expect(cluster.store.get("nodes", "", cluster.node.name)?.spec).not.toHaveProperty("taints");
});

it("a pod that was deleted while its node was not heard of ends when it is back", async () => {
  await using cluster = await startCluster();
  const tolerations = ["not-ready", "unreachable"].map((key) => ({
    key: `node.kubernetes.io/${key}`,
    operator: "Exists",
    effect: "NoExecute",
    tolerationSeconds: 0,
  }));
  cluster.createPod("pod", { ...LABOURS, tolerations, terminationGracePeriodSeconds: 1 });
  await cluster.until(podPhase("Running"));
  await cluster.untilItSpeaks("pod");
  cluster.node.disconnect();
  await cluster.until(({ resource, object }) => resource === "pods" && object.metadata.deletionTimestamp !== undefined);
  expect(statusOf(cluster).conditions).toContainEqual(
    expect.objectContaining({ type: "DisruptionTarget", reason: "DeletionByTaintManager" }),
  );
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(cluster.store.get("pods", NAMESPACE, "pod")).toBeDefined();
  cluster.node.reconnect();
  await cluster.until(podGone);
});

it("a native sidecar starts first, ends last, and does not count", async () => {
  await using cluster = await startCluster();
  const proxy = {
    ...sh("trap 'echo bye; exit 7' TERM; echo up; while :; do sleep 0.02; done").containers[0],
    name: "proxy",
    restartPolicy: "Always",
  };
  cluster.createPod("pod", { ...sh("sleep 0.3; echo main"), initContainers: [proxy] });
  await cluster.until(podPhase("Succeeded"));
  expect(await cluster.log("pod", { container: "proxy" })).toBe("up\nbye\n");
  const { containerStatuses, initContainerStatuses, conditions } = statusOf(cluster);
  expect(containerStatuses[0]?.state.terminated).toMatchObject({ exitCode: 0 });
  expect(initContainerStatuses[0]?.state.terminated).toMatchObject({ exitCode: 7 });
  expect(conditions).toContainEqual(expect.objectContaining({ type: "Ready", reason: "PodCompleted" }));
});

it("a native sidecar that ignores SIGTERM holds the pod for its grace", async () => {
  await using cluster = await startCluster();
  const proxy = { ...sh("trap '' TERM; while :; do sleep 0.02; done").containers[0], name: "proxy" };
  const initContainers = [{ ...proxy, restartPolicy: "Always" }];
  cluster.createPod("pod", { ...sh("true"), initContainers, terminationGracePeriodSeconds: 2 });
  await cluster.until(podPhase("Succeeded"));
  expect(statusOf(cluster).initContainerStatuses[0]?.state.terminated).toMatchObject({ exitCode: 137 });
});

it("a native sidecar that ends too early is started again; its former log and end are there", async () => {
  await using cluster = await startCluster();
  const script =
    "echo $$ >>/shared/starts; [ $(wc -l </shared/starts) -gt 1 ] || { echo first; echo why >/dev/termination-log; exit 3; }; trap 'exit 0' TERM; echo second; echo >/shared/spoke; while :; do sleep 0.02; done";
  const volumeMounts = [{ name: "shared", mountPath: "/shared" }];
  const proxy = { ...sh(script, { volumeMounts }).containers[0], name: "proxy", restartPolicy: "Always" };
  const waits = "while [ ! -e /shared/spoke ]; do sleep 0.02; done; echo main";
  const main = sh(waits, { volumeMounts });
  cluster.createPod("pod", { ...main, initContainers: [proxy], volumes: [{ name: "shared", emptyDir: {} }] });
  await cluster.until(podPhase("Succeeded"));
  const [status] = statusOf(cluster).initContainerStatuses;
  expect(status).toMatchObject({
    restartCount: 1,
    lastState: { terminated: { exitCode: 3, message: "why\n" } },
    state: { terminated: { exitCode: 0 } },
  });
  expect(await cluster.log("pod", { container: "proxy", previous: true })).toBe("first\n");
  expect(await cluster.log("pod", { container: "proxy" })).toBe("second\n");
});

it("a native sidecar is told to end when the others have ended, also in a pod that is deleted", async () => {
  await using cluster = await startCluster();
  const volumeMounts = [{ name: "shared", mountPath: "/shared" }];
  const order = (name: string, ms: number) =>
    sh(`trap 'sleep ${ms / 1000}; echo ${name} >>/shared/order; exit 0' TERM; echo up; while :; do sleep 0.02; done`, {
      volumeMounts,
    }).containers[0];
  const proxy = { ...order("proxy", 0), name: "proxy", restartPolicy: "Always" };
  const folder = await mkdtemp(join(tmpdir(), "order-"));
  const volumes = [{ name: "shared", hostPath: { path: folder } }];
  cluster.createPod("pod", { containers: [order("main", 300)], initContainers: [proxy], volumes });
  await cluster.until(podPhase("Running"));
  await cluster.untilItSpeaks("pod");
  cluster.store.delete("pods", NAMESPACE, "pod");
  await cluster.until(podGone);
  expect(await readFile(join(folder, "order"), "utf8")).toBe("main\nproxy\n");
  await rm(folder, { recursive: true });
});

it("a PersistentVolume whose directory comes late is mounted then, and its claim waits for the volume itself", async () => {
  await using cluster = await startCluster();
  const folder = await mkdtemp(join(tmpdir(), "late-"));
  const path = join(folder, "volume");
  const capacity = { storage: "1Gi" };
  const accessModes = ["ReadWriteOnce"];
  const claim = { accessModes, storageClassName: "", resources: { requests: capacity } };
  cluster.store.create("persistentvolumeclaims", { metadata: { name: "late", namespace: NAMESPACE }, spec: claim });
  cluster.createPod("pod", {
    ...sh("echo here > /late/file", { volumeMounts: [{ name: "home", mountPath: "/late" }] }),
    volumes: [{ name: "home", persistentVolumeClaim: { claimName: "late" } }],
  });
  const unscheduled = await cluster.until(({ object }) => object.reason === "FailedScheduling");
  expect(unscheduled.object.message).toMatch(
    /^0\/1 nodes are available: pod has unbound immediate PersistentVolumeClaims/,
  );
  cluster.store.create("persistentvolumes", {
    metadata: { name: "late-volume" },
    spec: { capacity, accessModes, hostPath: { path, type: "Directory" } },
  });
  const failed = await cluster.until(({ object }) => object.reason === "FailedMount" && object.count === 2);
  expect(failed.object.message).toBe(
    `MountVolume.SetUp failed for volume "late-volume" : hostPath type check failed: ${path} is not a directory`,
  );
  await mkdir(path);
  await cluster.until(podPhase("Succeeded"));
  await rm(folder, { recursive: true });
});

it("a volume that no container mounts is not waited for", async () => {
  await using cluster = await startCluster();
  cluster.createPod("pod", { ...sh("true"), volumes: [{ name: "v", secret: { secretName: "no-such-secret" } }] });
  await cluster.until(podPhase("Succeeded"));
});

it("an ephemeral container runs beside the others, shares the room for messages, and ends with the pod", async () => {
  await using cluster = await startCluster();
  const longest = "head -c 4000 /dev/zero | tr '\\0' x > /dev/termination-log";
  cluster.createPod("pod", {
    containers: ["main", "b", "c"].map((name) => ({
      ...sh(`trap '${longest}; exit 0' TERM; echo up; while :; do sleep 0.02; done`).containers[0],
      name,
    })),
  });
  await cluster.until(podPhase("Running"));
  cluster.store.mutate("pods", NAMESPACE, "pod", (draft) => {
    const debugger_ = { ...sh("echo looks; exec sleep 600").containers[0], name: "debugger" };
    draft.spec = { ...(draft.spec as object), ephemeralContainers: [debugger_] };
  });
  const ephemeral = () => statusOf(cluster) as unknown as { ephemeralContainerStatuses?: unknown[] };
  await expect
    .poll(() => ephemeral().ephemeralContainerStatuses)
    .toMatchObject([{ name: "debugger", state: { running: {} } }]);
  await expect.poll(() => cluster.log("pod", { container: "debugger" })).toBe("looks\n");
  cluster.store.delete("pods", NAMESPACE, "pod", { gracePeriodSeconds: 2 });
  const { object } = await cluster.until(podGone);
  const { containerStatuses } = object.status as unknown as Status;
  expect(containerStatuses.map(({ state }) => String(state.terminated?.message ?? "").length)).toEqual([
    3072, 3072, 3072,
  ]);
});
