import { describe, expect, test } from "vitest";
import type { KubeObject } from "../../src/types.ts";
import { NAMESPACE, podGone, startCluster, type TestCluster } from "../node/support/cluster.ts";

const FOREVER = 'trap "exit 0" TERM; echo "up $HOSTNAME"; while :; do sleep 300 & wait $!; done';
const selector = { matchLabels: { app: "a" } };

const template = (more: object = {}) => ({
  metadata: { labels: { app: "a" } },
  spec: { containers: [{ name: "main", image: "busybox:1.36", command: ["sh", "-c", FOREVER], ...more }] },
});

const statefulSet = (more: object = {}) => ({
  metadata: { name: "web", namespace: NAMESPACE },
  spec: {
    serviceName: "web",
    selector,
    template: template({ volumeMounts: [{ name: "home", mountPath: "/home/web" }] }),
    volumeClaimTemplates: [
      {
        metadata: { name: "home" },
        spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } },
      },
    ],
    ...more,
  },
});

const statusOf = (resource: string, wanted: object) => (event: { resource: string; object: KubeObject }) =>
  event.resource === resource &&
  Object.entries(wanted).every(([key, value]) => (event.object.status as Record<string, unknown>)?.[key] === value);

const isUp = ({ status }: KubeObject): boolean =>
  ((status ?? {}) as { conditions?: { type: string; status: string }[] }).conditions?.some(
    ({ type, status: value }) => type === "Ready" && value === "True",
  ) ?? false;

const ready = (cluster: TestCluster, count: number) =>
  cluster.until(statusOf("statefulsets", { readyReplicas: count }));

describe.concurrent("a StatefulSet", () => {
  test("has its pods one after the other, each with a name, a claim and a host name of its own", async () => {
    await using cluster = await startCluster();
    cluster.store.create("statefulsets", statefulSet({ replicas: 2 }));
    await ready(cluster, 2);
    const added = cluster.events.filter(({ type, resource }) => type === "ADDED" && resource === "pods");
    expect(added.map(({ object }) => object.metadata.name)).toEqual(["web-0", "web-1"]);
    const isReady = ({ resource, object }: { resource: string; object: KubeObject }) =>
      resource === "pods" && isUp(object);
    const [second] = added.slice(1);
    expect(cluster.events.findIndex(isReady)).toBeLessThan(cluster.events.indexOf(second as never));
    await cluster.untilItSpeaks("web-1");
    expect(await cluster.log("web-1")).toBe("up web-1\n");
    expect(cluster.store.list("persistentvolumeclaims", NAMESPACE).map(({ metadata }) => metadata.name)).toEqual([
      "home-web-0",
      "home-web-1",
    ]);
  });

  test("replaces a pod that is deleted, that ends, or whose template changed: the claim stays", async () => {
    await using cluster = await startCluster();
    cluster.store.create("statefulsets", statefulSet());
    await ready(cluster, 1);
    const uid = () => cluster.store.get("pods", NAMESPACE, "web-0")?.metadata.uid;
    const claim = () => cluster.store.get("persistentvolumeclaims", NAMESPACE, "home-web-0")?.metadata.uid;
    const before = claim();
    const changes = [
      () => cluster.store.delete("pods", NAMESPACE, "web-0"),
      () => cluster.node.oomKill({ namespace: NAMESPACE, name: "web-0" }),
      () =>
        cluster.store.mutate("statefulsets", NAMESPACE, "web", (draft) => {
          draft.spec = { ...(draft.spec as object), template: template({ env: [{ name: "NEW", value: "1" }] }) };
        }),
    ];
    const seen = new Set([uid()]);
    for (const change of changes) {
      await change();
      const { object } = await cluster.until(
        (event) => event.resource === "pods" && isUp(event.object) && !seen.has(event.object.metadata.uid),
      );
      seen.add(object.metadata.uid);
    }
    expect(claim()).toBe(before);
  });

  test("takes its pods with it, and leaves the claims", async () => {
    await using cluster = await startCluster();
    cluster.store.create("statefulsets", statefulSet());
    await ready(cluster, 1);
    cluster.store.delete("statefulsets", NAMESPACE, "web", { propagationPolicy: "Background" });
    await cluster.until(podGone);
    expect(cluster.store.list("persistentvolumeclaims", NAMESPACE)).toHaveLength(1);
  });

  test("that selects not its own pods is refused", async () => {
    await using cluster = await startCluster();
    const other = statefulSet({ selector: { matchLabels: { app: "b" } } });
    expect(() => cluster.store.create("statefulsets", other)).toThrow("`selector` does not match template `labels`");
  });
});

describe.concurrent("a DaemonSet", () => {
  test("has a pod on the node, and none where the node lacks its label", async () => {
    await using cluster = await startCluster();
    const daemonSet = (name: string, spec: object = {}) => {
      const pod = template();
      return {
        metadata: { name, namespace: NAMESPACE },
        spec: { selector, template: { ...pod, spec: { ...pod.spec, ...spec } } },
      };
    };
    cluster.store.create("daemonsets", daemonSet("nowhere", { nodeSelector: { pool: "gpu" } }));
    cluster.store.create("daemonsets", daemonSet("each"));
    const { object } = await cluster.until(statusOf("daemonsets", { numberReady: 1, desiredNumberScheduled: 1 }));
    expect(object.metadata.name).toBe("each");
    expect(cluster.store.list("pods", NAMESPACE)).toHaveLength(1);
    expect(cluster.store.get("daemonsets", NAMESPACE, "nowhere")?.status).toMatchObject({ desiredNumberScheduled: 0 });
  });
});
