import type { Clock, Store } from "../types.ts";
import { conditionOf, holds } from "./job/conditions.ts";
import { type Job, keyOf } from "./objects.ts";
import { createQueue } from "./queue.ts";

/** Deletes a finished Job, in the foreground, `ttlSecondsAfterFinished` after its last whole second. */
export function startTtl(store: Store, clock: Clock): () => void {
  const queue = createQueue((key) => {
    const [namespace = "", name = ""] = key.split("/");
    const job = store.get<Job>("jobs", namespace, name);
    const at = job === undefined ? undefined : expiry(job);
    if (job === undefined || at === undefined) return;
    const left = at - clock();
    if (left > 0) return queue.add(key, left);
    const preconditions = { uid: job.metadata.uid };
    store.delete("jobs", namespace, name, { propagationPolicy: "Foreground", preconditions });
  });
  const consider = (job: Job): void => {
    const at = expiry(job);
    if (at !== undefined) queue.add(keyOf(job), Math.max(0, at - clock()));
  };
  for (const job of store.list<Job>("jobs")) consider(job);
  const unsubscribe = store.subscribe(({ type, resource, object }) => {
    if (resource === "jobs" && type !== "DELETED") consider(object as Job);
  });
  return () => {
    unsubscribe();
    queue.stop();
  };
}

function expiry(job: Job): number | undefined {
  const { ttlSecondsAfterFinished: seconds } = job.spec;
  if (seconds === undefined || job.metadata.deletionTimestamp !== undefined) return undefined;
  const conditions = job.status?.conditions;
  const verdict = ["Complete", "Failed"].find((type) => holds(conditions, type));
  if (verdict === undefined) return undefined;
  return Date.parse(conditionOf(conditions, verdict)?.lastTransitionTime ?? "") + seconds * 1000;
}
