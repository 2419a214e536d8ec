import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { fastTimings } from "../../src/timings.ts";
import type { KubeObject } from "../../src/types.ts";
import { jobEnded, kubeEvent, NAMESPACE, podGone, podPhase, sh, startCluster } from "./support/cluster.ts";

const FOREVER = "echo up; exec sleep 300";

function reasons(events: readonly { resource: string; type: string; object: KubeObject }[], kind: string): string[] {
  return events
    .filter(({ resource, object }) => resource === "events" && (object.involvedObject as KubeObject).kind === kind)
    .map(({ object }) => `${object.reason as string}${object.count === 1 ? "" : ` ${object.count as number}`}`);
}

describe.concurrent("images", () => {
  test("an unknown image is tried again and again, flipping between error and back-off, until it is there", async () => {
    const images: Record<string, object> = {};
    // The first retry must come within the back-off, as it does on a real node (0.55 of 10 s): held up past it, the
    // kubelet pulls again and never says that it only waits.
    const timings = { ...fastTimings, imageBackoff: 50 * fastTimings.firstRetry };
    await using cluster = await startCluster({ images, timings });
    cluster.createPod("pod", sh("echo at last", { image: "nosuch/image:1" }));
    await cluster.until(kubeEvent("Pulling", 2));
    const waiting = new Set(
      cluster.events
        .filter(({ resource }) => resource === "pods")
        .flatMap(({ object }) => (object.status as { containerStatuses?: { state: object }[] }).containerStatuses ?? [])
        .map(({ state }) => (state as { waiting?: { reason: string; message?: string } }).waiting)
        .map((state) => `${state?.reason}: ${state?.message ?? ""}`),
    );
    const error =
      'rpc error: code = NotFound desc = failed to pull and unpack image "docker.io/nosuch/image:1": ' +
      "failed to resolve image: docker.io/nosuch/image:1: not found";
    expect([...waiting]).toEqual([
      "ContainerCreating: ",
      `ErrImagePull: ${error}`,
      `ImagePullBackOff: Back-off pulling image "nosuch/image:1": ErrImagePull: ${error}`,
    ]);
    expect(reasons(cluster.events, "Pod").slice(0, 6)).toEqual([
      "Scheduled",
      "Pulling",
      "Failed",
      "Failed",
      "BackOff",
      "Failed",
    ]);
    await expect(cluster.log("pod")).rejects.toThrow(
      'container "main" in pod "pod" is waiting to start: image can\'t be pulled',
    );
    images["nosuch/image:1"] = {};
    await cluster.until(podPhase("Succeeded"));
    expect(await cluster.log("pod")).toBe("at last\n");
  });

  test("an image says where its programs are and what runs by default", async () => {
    await using cluster = await startCluster({ images: { tool: { path: ["/nowhere"], entrypoint: ["sh", "-c"] } } });
    cluster.createPod("pod", { containers: [{ name: "main", image: "tool", args: ["echo $PATH"] }] });
    await cluster.until(podPhase("Succeeded"));
    expect(await cluster.log("pod")).toBe(`/nowhere:${process.env.PATH}\n`);
  });
});

describe.concurrent("the log of a pod", () => {
  test("is refused before the container starts and while it is unknown", async () => {
    await using cluster = await startCluster({ timings: { ...fastTimings, sandbox: 60_000 } });
    cluster.createPod("pod", sh(FOREVER));
    await cluster.until(kubeEvent("Scheduled"));
    await expect(cluster.log("pod", { container: "other" })).rejects.toThrow(
      "container other is not valid for pod pod",
    );
    await cluster.until(
      ({ object }) => (object.status as { containerStatuses?: unknown })?.containerStatuses !== undefined,
    );
    await expect(cluster.log("pod")).rejects.toThrow(
      'container "main" in pod "pod" is waiting to start: ContainerCreating',
    );
  });

  test("an open follow outlives the pod object and brings the last words", async () => {
    await using cluster = await startCluster();
    cluster.createPod("pod", sh('trap "echo bye; exit 0" TERM; echo up; sleep 300 & wait'));
    await cluster.until(podPhase("Running"));
    await cluster.untilItSpeaks("pod");
    const text = cluster.log("pod", { follow: true });
    cluster.store.delete("pods", NAMESPACE, "pod");
    expect(await text).toBe("up\nbye\n");
    await cluster.until(podGone);
  });

  test("previous is not there: a Job's container is never restarted", async () => {
    await using cluster = await startCluster();
    cluster.createPod("pod", sh("true"));
    await cluster.until(podPhase("Succeeded"));
    await expect(cluster.log("pod", { previous: true })).rejects.toThrow(
      'previous terminated container "main" in pod "pod" not found',
    );
  });

  test("large logs are rotated by themselves", async ({ expect }) => {
    await using cluster = await startCluster({
      rotation: { maxBytes: 10_000 },
      timings: { ...fastTimings, rotationCheck: 20 },
    });
    cluster.createPod("pod", sh("head -c 50000 /dev/zero | tr '\\0' '\\n'; while :; do echo on; sleep 0.02; done"));
    await cluster.until(podPhase("Running"));
    const [folder = ""] = readdirSync(join(cluster.directory, "logs"));
    const files = join(cluster.directory, "logs", folder, "main");
    await expect.poll(() => readdirSync(files).length, { timeout: 10_000 }).toBeGreaterThan(1);
    expect((await cluster.log("pod")).length).toBeLessThan(50_000);
  });
});

describe.concurrent("the end of things", () => {
  test("stop kills every process and removes every file", async () => {
    const cluster = await startCluster();
    cluster.createPod("pod", sh("echo $$$$; trap '' TERM; while :; do sleep 0.1; done"));
    await cluster.until(podPhase("Running"));
    await cluster.untilItSpeaks("pod");
    const pid = Number(await cluster.log("pod"));
    expect(() => process.kill(pid, 0)).not.toThrow();
    await cluster[Symbol.asyncDispose]();
    expect(() => process.kill(pid, 0)).toThrow("ESRCH");
    expect(existsSync(cluster.directory)).toBe(false);
  });

  test("a pod's files go with it, its claim's stay", async ({ expect }) => {
    await using cluster = await startCluster();
    cluster.store.create("persistentvolumeclaims", {
      metadata: { name: "work", namespace: NAMESPACE },
      spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } },
    });
    cluster.createPod("pod", {
      ...sh("echo kept > /kept/file", { volumeMounts: [{ name: "work", mountPath: "/kept" }] }),
      volumes: [{ name: "work", persistentVolumeClaim: { claimName: "work" } }],
    });
    await cluster.until(podPhase("Succeeded"));
    cluster.store.delete("pods", NAMESPACE, "pod");
    await cluster.until(podGone);
    await expect.poll(() => readdirSync(join(cluster.directory, "pods"))).toEqual([]);
    expect(readdirSync(join(cluster.directory, "claims", NAMESPACE, "work"))).toEqual(["file"]);
    cluster.store.delete("persistentvolumeclaims", NAMESPACE, "work");
    await expect.poll(() => existsSync(join(cluster.directory, "claims", NAMESPACE, "work"))).toBe(false);
  });

  test("a forced deletion without finalizers: the object goes at once, the container soon after", async () => {
    await using cluster = await startCluster();
    cluster.createPod("pod", sh('trap "echo bye; exit 0" TERM; echo up; sleep 300 & wait'));
    await cluster.until(podPhase("Running"));
    await cluster.untilItSpeaks("pod");
    const text = cluster.log("pod", { follow: true });
    cluster.store.delete("pods", NAMESPACE, "pod", { gracePeriodSeconds: 0 });
    expect(cluster.store.get("pods", NAMESPACE, "pod")).toBeUndefined();
    expect(await text).toBe("up\nbye\n");
  });

  test("a second deletion may shorten the grace", async () => {
    await using cluster = await startCluster();
    cluster.createPod("pod", { ...sh('trap "" TERM; echo up; exec sleep 300'), terminationGracePeriodSeconds: 200 });
    await cluster.until(podPhase("Running"));
    await cluster.untilItSpeaks("pod");
    cluster.store.delete("pods", NAMESPACE, "pod");
    await cluster.until(kubeEvent("Killing"));
    cluster.store.delete("pods", NAMESPACE, "pod", { gracePeriodSeconds: 1 });
    await cluster.until(podGone);
  });

  test("of two containers the first to end is told while the other runs", async () => {
    await using cluster = await startCluster();
    const short = { ...sh("exit 5").containers[0], name: "short" };
    cluster.createPod("pod", { containers: [...sh(FOREVER).containers, short], terminationGracePeriodSeconds: 1 });
    const { object } = await cluster.until(({ resource, object: { status } }) => {
      const { containerStatuses = [] } = (status ?? {}) as { containerStatuses?: { state: object }[] };
      return resource === "pods" && containerStatuses.some(({ state }) => "terminated" in state);
    });
    expect(object.status).toMatchObject({
      phase: "Running",
      containerStatuses: [{ state: { running: {} } }, { state: { terminated: { exitCode: 5 } } }],
    });
    const { conditions } = object.status as { conditions: object[] };
    const message = "containers with unready status: [short]";
    expect(conditions).toContainEqual(
      expect.objectContaining({ type: "Ready", status: "False", reason: "ContainersNotReady", message }),
    );
  });

  test("a lost node: NotReady, its pods are deleted when their toleration ends, and stay until the node is removed", async () => {
    await using cluster = await startCluster();
    const tolerations = [
      { key: "node.kubernetes.io/unreachable", operator: "Exists", effect: "NoExecute", tolerationSeconds: 1 },
      { key: "node.kubernetes.io/not-ready", operator: "Exists", effect: "NoExecute", tolerationSeconds: 1 },
    ];
    cluster.createJob("job", { ...sh(FOREVER), tolerations });
    const { object: pod } = await cluster.until(podPhase("Running"));
    await cluster.node.lose();
    await expect(cluster.log(pod.metadata.name)).rejects.toThrow("no route to host");
    const { object: dying } = await cluster.until(
      ({ resource, object }) => resource === "pods" && object.metadata.deletionTimestamp !== undefined,
    );
    const { conditions, phase } = dying.status as { conditions: object[]; phase: string };
    expect(phase).toBe("Running");
    expect(conditions).toContainEqual(
      expect.objectContaining({ type: "DisruptionTarget", status: "True", reason: "DeletionByTaintManager" }),
    );
    cluster.store.delete("nodes", "", "devcluster-node");
    await cluster.until(podGone);
    await cluster.until(jobEnded);
  });
});
