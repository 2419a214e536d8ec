/** What a run has left in the cluster. Garbage collection takes a moment: waits until nothing is, or time is up. */
import { jobs, pods, secrets } from "../../../src/kubernetes/resource-types.ts";
import { LABELS } from "../../../src/run/shared/names.ts";
import type { Place } from "./place.ts";

/** All objects of an agent, or those that were made for one run: a Job that was taken over has its new run's id. */
export type Whose = { readonly agentId: string } | { readonly runId: string };

/** The promise: nothing of ours is left 30 s after a run ended. */
const WITHIN_MS = 30_000;

export async function leftovers(place: Place, whose: Whose): Promise<string[]> {
  const deadline = Date.now() + WITHIN_MS;
  for (;;) {
    const left = await objectsOf(place, whose);
    if (left.length === 0 || Date.now() > deadline) return left;
    await place.admin.clock.sleep(200);
  }
}

export async function objectsOf(place: Place, whose: Whose): Promise<string[]> {
  const labelSelector = "agentId" in whose ? `${LABELS.agentId}=${whose.agentId}` : `${LABELS.runId}=${whose.runId}`;
  const found = await Promise.all(
    [jobs, pods, secrets].map(async (type) => {
      const { items } = await place.admin.list(type as typeof jobs, place.namespace, { labelSelector });
      return items.map((object) => `${type.kind} ${object.metadata.name}`);
    }),
  );
  return found.flat();
}
