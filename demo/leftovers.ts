import { setTimeout as sleep } from "node:timers/promises";
import type { KubernetesClient } from "../src/kubernetes/client.ts";
import { jobs, pods, secrets } from "../src/kubernetes/resource-types.ts";

/** Milliseconds that the cluster gets to delete a run's objects; a pod may take its grace period. */
const PATIENCE_MS = 30_000;
const LOOK_EVERY_MS = 100;

/** Waits until nothing of the run is left, and returns what still is when patience ends, such as `pod/NAME`. */
export async function leftovers(
  client: KubernetesClient,
  namespace: string,
  jobName: string,
  labelSelector: string,
): Promise<string[]> {
  const end = performance.now() + PATIENCE_MS;
  for (;;) {
    const left = await whatIsLeft(client, namespace, jobName, labelSelector);
    if (left.length === 0 || performance.now() > end) return left;
    await sleep(LOOK_EVERY_MS);
  }
}

/** The Secret has the Job's name: rights to list Secrets are not needed. */
async function whatIsLeft(
  client: KubernetesClient,
  namespace: string,
  jobName: string,
  labelSelector: string,
): Promise<string[]> {
  const [job, secret, podList] = await Promise.all([
    client.find(jobs, namespace, jobName),
    client.find(secrets, namespace, jobName),
    client.list(pods, namespace, { labelSelector }),
  ]);
  return [
    ...(job ? [`job/${jobName}`] : []),
    ...podList.items.map((pod) => `pod/${pod.metadata.name}`),
    ...(secret ? [`secret/${jobName}`] : []),
  ];
}
