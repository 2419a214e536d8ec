/** Runs a pod and tells how it went. */
import type { KubeObject } from "../../../src/types.ts";
import { NAMESPACE, type TestCluster } from "./cluster.ts";

const over = ({ resource, object }: { resource: string; object: KubeObject }): boolean =>
  resource === "pods" &&
  ["Succeeded", "Failed"].includes((object.status as { phase?: string } | undefined)?.phase ?? "");

/** How a container ended. */
export interface Ended {
  readonly exitCode: number;
  readonly reason: string;
  readonly message?: string;
}

/** Runs a pod to its end and returns how its containers ended. */
export async function ended(cluster: TestCluster, name: string): Promise<Ended[]> {
  const { object } = await cluster.until((event) => over(event) && event.object.metadata.name === name);
  const { containerStatuses } = object.status as { containerStatuses: { state: { terminated: Ended } }[] };
  return containerStatuses.map(({ state }) => state.terminated);
}

/** Follows the log of `pod` until it has the text. */
export async function says(cluster: TestCluster, text: string): Promise<void> {
  const pod = cluster.store.get("pods", NAMESPACE, "pod");
  if (pod === undefined) throw new Error("there is no pod");
  const query = { follow: true, timestamps: false, previous: false };
  let said = "";
  for await (const part of await cluster.node.logs.open(pod, "main", query, new AbortController().signal)) {
    said += Buffer.from(part).toString();
    if (said.includes(text)) return;
  }
  throw new Error(`the pod ended without "${text}": ${said}`);
}

export async function runPod(
  cluster: TestCluster,
  spec: object,
  name = "pod",
): Promise<{ log: string; ends: Ended[] }> {
  cluster.createPod(name, spec);
  const ends = await ended(cluster, name);
  return { log: await cluster.log(name), ends };
}

export const createSecret = (cluster: TestCluster, name: string, data: Record<string, string>): unknown =>
  cluster.store.create("secrets", {
    metadata: { name, namespace: NAMESPACE },
    data: Object.fromEntries(Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString("base64")])),
  });
