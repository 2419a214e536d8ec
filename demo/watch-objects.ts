import { setTimeout as sleep } from "node:timers/promises";
import { ApiError } from "../src/kubernetes/api-error.ts";
import type { KubernetesClient } from "../src/kubernetes/client.ts";
import { jobs, pods } from "../src/kubernetes/resource-types.ts";
import type { ObjectEvent } from "./demo-event.ts";
import { jobState, type ObjectState, podState } from "./object-states.ts";

/** Milliseconds between two looks: quick enough to see a pod's phases. */
const LOOK_EVERY_MS = 150;

/**
 * Tells of each change in the state of the Job and pods that a label selector finds, until `signal`. It looks for itself
 * and apart from the adapter: what it tells is what kubectl would. Never rejects: without the right to list, it is silent.
 */
export async function watchObjects(
  client: KubernetesClient,
  namespace: string,
  labelSelector: string,
  tell: (event: ObjectEvent) => void,
  signal: AbortSignal,
): Promise<void> {
  const last = new Map<string, string>();
  const look = (kind: ObjectEvent["kind"], name: string, state: ObjectState): void => {
    const key = `${kind}/${name}`;
    if (last.get(key) === state.text) return;
    last.set(key, state.text);
    tell({ event: "object", kind, name, state: state.text, wrong: state.wrong });
  };
  const options = { labelSelector, signal, retryForMs: 0 };
  try {
    while (!signal.aborted) {
      const [foundJobs, foundPods] = await Promise.all([
        client.list(jobs, namespace, options),
        client.list(pods, namespace, options),
      ]);
      for (const job of foundJobs.items) look("Job", job.metadata.name, jobState(job));
      for (const pod of foundPods.items) look("Pod", pod.metadata.name, podState(pod));
      await sleep(LOOK_EVERY_MS, undefined, { signal });
    }
  } catch (error) {
    if (!signal.aborted && !(error instanceof ApiError)) throw error;
  }
}
