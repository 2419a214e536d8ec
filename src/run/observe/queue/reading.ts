/** What Kueue says of a Job that waits in its queue. Pure. */
import type { Job } from "kubernetes-types/batch/v1";
import type { Event } from "kubernetes-types/core/v1";
import type { PendingWorkloads, Workload } from "../../../kubernetes/kueue-types.ts";
import { isDeactivation, isStopped, PRIORITY_LABEL } from "../../shared/kueue.ts";

export type Outlook =
  /** Its turn comes. */
  | "waits"
  /** An operator has stopped the queue. */
  | "held"
  /** It waits for what somebody has to make: a queue, a priority class. */
  | "missing"
  /** The queue's whole quota is less than the Job asks for, or does not cover it. */
  | "never"
  /** Kueue starts it no more: it was evicted too often, took too long, or was taken out by hand. */
  | "deactivated";

export interface QueueReading {
  /** The queue's own words; null: it gives none, or none that may be read. */
  readonly why: string | null;
  readonly outlook: Outlook;
  /** How many stand before it in its LocalQueue; null: not known. */
  readonly before: number | null;
}

/** What was found; null: it may not be read, or is not there. */
export interface QueueSources {
  readonly job: Job;
  /** Null: it may not be read. `absent`: Kueue has made none. */
  readonly workload: Workload | "absent" | null;
  /** Of the Job and of its Workload. */
  readonly events: readonly Event[];
  readonly pending: PendingWorkloads | null;
}

export function readingOf({ job, workload, events, pending }: QueueSources): QueueReading {
  const place = pending?.items?.findIndex(({ metadata }) =>
    metadata?.ownerReferences?.some(({ uid }) => uid === job.metadata?.uid),
  );
  const before = place === undefined || place < 0 ? null : (pending?.items?.[place]?.positionInLocalQueue ?? place);
  return { ...wordsOf(job, workload, events), before };
}

type Words = Omit<QueueReading, "before">;

function wordsOf(job: Job, workload: QueueSources["workload"], events: readonly Event[]): Words {
  const stopped = newest(events.filter(isStopped))?.message ?? "";
  if (workload === null || workload === "absent") {
    if (isDeactivation(stopped)) return { why: stopped, outlook: "deactivated" };
    return withoutWorkload(job, workload, events);
  }
  const conditions = workload.status?.conditions ?? [];
  const of = (type: string) => conditions.find((condition) => condition.type === type);
  if (workload.spec?.active === false) {
    const evicted = of("Evicted")?.message;
    return { why: evicted || stopped || "The workload is deactivated", outlook: "deactivated" };
  }
  const reserved = of("QuotaReserved");
  // Equal ones are parked unseen behind the first (measured): no condition is no trouble.
  if (!reserved?.message) return { why: null, outlook: "waits" };
  if (reserved.status === "True") return { why: "its admission checks are pending", outlook: "waits" };
  return { why: reserved.message, outlook: outlookOf(reserved.message) };
}

function withoutWorkload(job: Job, workload: "absent" | null, events: readonly Event[]): Words {
  const pending = newest(
    events.filter(({ involvedObject, reason }) => involvedObject?.kind === "Workload" && reason === "Pending"),
  );
  if (pending?.message) return { why: pending.message, outlook: outlookOf(pending.message) };
  const priority = job.metadata?.labels?.[PRIORITY_LABEL];
  // Of a priority class that is not there Kueue makes no Workload and says nothing (measured).
  if (workload === "absent" && priority)
    return { why: `Kueue makes no Workload of it: is there a WorkloadPriorityClass ${priority}?`, outlook: "missing" };
  return { why: null, outlook: "waits" };
}

/** By Kueue's words: what it calls the reason changes from version to version. */
function outlookOf(message: string): Outlook {
  if (/doesn't exist$/.test(message)) return "missing";
  if (/is inactive$/.test(message)) return "held";
  if (/> maximum capacity|unavailable in ClusterQueue|doesn't match ClusterQueue selector/.test(message))
    return "never";
  return "waits";
}

/** Kueue's Events have no first and last stamp. */
function newest(events: readonly Event[]): Event | undefined {
  const stamp = ({ series, eventTime, lastTimestamp, metadata }: Event): number =>
    Date.parse(series?.lastObservedTime ?? eventTime ?? lastTimestamp ?? metadata?.creationTimestamp ?? "") || 0;
  return events.toSorted((a, b) => stamp(a) - stamp(b)).at(-1);
}
