/** What a run has left in the cluster. Garbage collection takes a moment: waits until nothing is, or time is up. */
import { jobs, pods, secrets } from "../../../src/kubernetes/resource-types.ts";
import { LABELS } from "../../../src/run/plan/names.ts";
import type { Place } from "./place.ts";
import type { TestRun } from "./run.ts";

/** The promise: nothing of ours is left 30 s after a run ended. */
const WITHIN_MS = 30_000;

export async function leftovers(place: Place, run: Pick<TestRun, "runId">): Promise<string[]> {
  const deadline = Date.now() + WITHIN_MS;
  for (;;) {
    const left = await objectsOf(place, run);
    if (left.length === 0 || Date.now() > deadline) return left;
    await place.admin.clock.sleep(200);
  }
}

export async function objectsOf(place: Place, { runId }: Pick<TestRun, "runId">): Promise<string[]> {
  const labelSelector = `${LABELS.runId}=${runId}`;
  const found = await Promise.all(
    [jobs, pods, secrets].map(async (type) => {
      const { items } = await place.admin.list(type as typeof jobs, place.namespace, { labelSelector });
      return items.map((object) => `${type.kind} ${object.metadata.name}`);
    }),
  );
  return found.flat();
}
