/** What a cluster does to pods on a bad day: a drain, a node that is short of something, a node that is taken away. */
import { CoreV1Api, KubeConfig } from "@kubernetes/client-node";
import type { Devcluster } from "../../devcluster/src/index.ts";
import type { KubeObject } from "../../devcluster/src/types.ts";
import { until } from "../host/until.ts";
import type { Stage } from "./stage.ts";

const NAMESPACE = "agents";
const TASK = "paperclip.io/task-id";
const AGENT = "paperclip.io/agent-id";

export function devclusterOf({ cluster: { devcluster } }: Stage): Devcluster {
  if (!devcluster) throw new Error("a real cluster is not disturbed");
  return devcluster;
}

const podsOf = (stage: Stage, job: string): readonly KubeObject[] =>
  devclusterOf(stage)
    .store.list("pods", NAMESPACE)
    .filter(({ metadata }) => metadata.labels?.["batch.kubernetes.io/job-name"] === job);

function podOf(stage: Stage, job: string): { readonly namespace: string; readonly name: string } {
  const [pod] = podsOf(stage, job);
  if (!pod) throw new Error(`Job ${job} has no pod`);
  return { namespace: NAMESPACE, name: pod.metadata.name };
}

/** As `kubectl drain` does it. */
export async function drain(stage: Stage, job: string): Promise<void> {
  const config = new KubeConfig();
  config.loadFromString(devclusterOf(stage).kubeconfig);
  const { name, namespace } = podOf(stage, job);
  const body = { apiVersion: "policy/v1", kind: "Eviction", metadata: { name, namespace } };
  await config.makeApiClient(CoreV1Api).createNamespacedPodEviction({ name, namespace, body });
}

/** Its containers and logs are gone at once. */
export async function starveNode(stage: Stage, job: string): Promise<void> {
  const words = "The node was low on resource: memory. ";
  await devclusterOf(stage).node.evict(podOf(stage, job), words, { under: "pressure" });
}

/** A spot machine that is taken away without a word, and replaced: its pods are the pod garbage collector's. */
export async function replaceNode(stage: Stage, job: string): Promise<void> {
  const { node, store } = devclusterOf(stage);
  const registered = store.get("nodes", "", node.name);
  await node.lose();
  store.delete("nodes", "", node.name);
  await until("the lost node's pod is collected", async () => podsOf(stage, job).length === 0);
  const { labels = {}, name } = registered?.metadata ?? {};
  store.create("nodes", { metadata: { name, labels }, spec: {} });
  store.mutate("nodes", "", node.name, (draft) => {
    draft.status = registered?.status;
  });
  node.reconnect();
}

/** The most agents that were at work on each task at the same time, from now on. */
export function countAtWork(stage: Stage): { readonly most: ReadonlyMap<string, number>; end(): void } {
  const { store } = devclusterOf(stage);
  const most = new Map<string, number>();
  const count = (): void => {
    const working = store.list("pods", NAMESPACE).filter(isAtWork);
    const byTask = Map.groupBy(working, ({ metadata: { labels } }) => labels?.[TASK] ?? labels?.[AGENT] ?? "");
    for (const [task, pods] of byTask) most.set(task, Math.max(pods.length, most.get(task) ?? 0));
  };
  return { most, end: store.subscribe(count) };
}

function isAtWork({ status }: KubeObject): boolean {
  const { containerStatuses = [] } = (status ?? {}) as { containerStatuses?: { state?: { running?: object } }[] };
  return containerStatuses.some(({ state }) => state?.running !== undefined);
}
