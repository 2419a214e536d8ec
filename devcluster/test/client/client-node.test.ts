import { BatchV1Api, CoreV1Api, KubeConfig, Watch } from "@kubernetes/client-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Devcluster, fastTimings, startDevcluster } from "../../src/index.ts";

const namespace = "default";

describe("@kubernetes/client-node", () => {
  let cluster: Devcluster;
  let config: KubeConfig;

  beforeAll(async () => {
    cluster = await startDevcluster({ images: { "busybox:1.36": {} }, timings: fastTimings });
    config = new KubeConfig();
    config.loadFromString(cluster.kubeconfig);
  });
  afterAll(() => cluster.stop());

  it("creates, reads, patches, lists and deletes", async () => {
    const core = config.makeApiClient(CoreV1Api);
    const made = await core.createNamespacedSecret({
      namespace,
      body: { metadata: { name: "typed", labels: { a: "b" } }, stringData: { key: "value" } },
    });
    expect(made.data).toEqual({ key: Buffer.from("value").toString("base64") });
    expect(made.metadata?.creationTimestamp).toBeInstanceOf(Date);
    const { items } = await core.listNamespacedSecret({ namespace, labelSelector: "a=b" });
    expect(items.map(({ metadata }) => metadata?.name)).toEqual(["typed"]);
    const patched = await core.patchNamespacedSecret({
      namespace,
      name: "typed",
      body: [{ op: "add", path: "/metadata/annotations", value: { p: "q" } }],
    });
    expect(patched.metadata?.annotations).toEqual({ p: "q" });
    await core.deleteNamespacedSecret({ namespace, name: "typed" });
    await expect(core.readNamespacedSecret({ namespace, name: "typed" })).rejects.toMatchObject({ code: 404 });
  });

  it("runs a Job, watches its pod and reads its log", async () => {
    const phases: string[] = [];
    const watch = new Watch(config);
    const ended = Promise.withResolvers<void>();
    const controller = await watch.watch(
      `/api/v1/namespaces/${namespace}/pods`,
      {},
      (_type, pod) => {
        phases.push(pod.status.phase);
        if (pod.status.phase === "Succeeded") ended.resolve();
      },
      () => {},
    );
    const containers = [{ name: "main", image: "busybox:1.36", command: ["sh", "-c", "echo from the pod"] }];
    await config.makeApiClient(BatchV1Api).createNamespacedJob({
      namespace,
      body: { metadata: { name: "typed" }, spec: { template: { spec: { restartPolicy: "Never", containers } } } },
    });
    await ended.promise;
    controller.abort();
    expect(new Set(phases)).toEqual(new Set(["Pending", "Running", "Succeeded"]));
    const [pod] = cluster.store.list("pods", namespace);
    const core = config.makeApiClient(CoreV1Api);
    const log = await core.readNamespacedPodLog({ namespace, name: pod?.metadata.name ?? "" });
    expect(log).toBe("from the pod\n");
  });
});
