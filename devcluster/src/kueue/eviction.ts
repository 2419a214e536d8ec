/** Whether an admitted Job may go on. Pure. */
import type { Entry, Eviction } from "./entry.ts";
import { MAX_EXEC_TIME_LABEL } from "./names.ts";
import type { Queue } from "./queues.ts";
import type { Workload } from "./workload.ts";

export function reasonToEvict(
  entry: Entry,
  queue: Queue,
  workload: Workload | undefined,
  now: number,
): Eviction | null {
  if (queue.kind === "closed" && queue.drains)
    return { reason: `${queue.drains}Stopped`, message: `The ${queue.drains} is stopped`, deactivates: false };
  if (workload?.spec.active === false)
    return { reason: "Deactivated", message: "The workload is deactivated", deactivates: true };
  if (execTimeLeft(entry, now) > 0) return null;
  const message = "The workload is deactivated due to exceeding the maximum execution time";
  return { reason: "DeactivatedDueToMaximumExecutionTimeExceeded", message, deactivates: true };
}

/** Milliseconds; infinite without a limit. It counts over evictions. */
export function execTimeLeft({ job, ranMs, admittedAt }: Entry, now: number): number {
  const limit = job.metadata.labels?.[MAX_EXEC_TIME_LABEL];
  return limit === undefined ? Number.POSITIVE_INFINITY : Number(limit) * 1000 - ranMs - (now - admittedAt);
}
