/** Whether an admitted Job may go on. Pure. */
import type { Entry, Eviction } from "./entry.ts";
import { MAX_EXEC_TIME_LABEL } from "./names.ts";
import type { PodsReady } from "./pods-ready.ts";
import type { Queue } from "./queues.ts";
import type { Workload } from "./workload.ts";

/** @param podsReady null: it is not waited for */
export function reasonToEvict(
  entry: Entry,
  queue: Queue,
  workload: Workload | undefined,
  podsReady: PodsReady | null,
  now: number,
): Eviction | null {
  if (queue.kind === "closed" && queue.drains)
    return { reason: `${queue.drains}Stopped`, message: `The ${queue.drains} is stopped`, deactivates: false };
  if (workload?.spec.active === false)
    return { reason: "Deactivated", message: "The workload is deactivated", deactivates: true };
  if (podsReady && readyTimeLeft(entry, podsReady, now) <= 0) return notReady(entry, workload, podsReady);
  if (execTimeLeft(entry, now) > 0) return null;
  const message = "The workload is deactivated due to exceeding the maximum execution time";
  return { reason: "DeactivatedDueToMaximumExecutionTimeExceeded", message, deactivates: true };
}

function notReady({ job, notReady: before }: Entry, workload: Workload | undefined, { retries }: PodsReady): Eviction {
  if (before < retries) {
    const message = `Exceeded the PodsReady timeout ${job.metadata.namespace}/${workload?.metadata.name}`;
    return { reason: "PodsReadyTimeout", message, deactivates: false };
  }
  const message = "The workload is deactivated due to exceeding the maximum number of re-queuing retries";
  return { reason: "DeactivatedDueToRequeuingLimitExceeded", message, deactivates: true };
}

/** Milliseconds; infinite once the pod was ready. */
export const readyTimeLeft = ({ wasReady, admittedAt }: Entry, { timeoutMs }: PodsReady, now: number): number =>
  wasReady ? Number.POSITIVE_INFINITY : admittedAt + timeoutMs - now;

/** Milliseconds; infinite without a limit. It counts over evictions. */
export function execTimeLeft({ job, ranMs, admittedAt }: Entry, now: number): number {
  const limit = job.metadata.labels?.[MAX_EXEC_TIME_LABEL];
  return limit === undefined ? Number.POSITIVE_INFINITY : Number(limit) * 1000 - ranMs - (now - admittedAt);
}
