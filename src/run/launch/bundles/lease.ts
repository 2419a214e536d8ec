/** For how long a bundle is held: as long as a pod may come to need it, and some more for the next run. */
import type { Job } from "kubernetes-types/batch/v1";
import type { RunPlan } from "../../plan/plan.ts";
import { stateOf } from "../../shared/job-state.ts";
import { queueOf } from "../../shared/kueue.ts";

/** Milliseconds beyond a run's need, so that runs which follow each other by the hour find the bundle. */
const BEYOND_MS = 2 * 3600_000;
/** A holder that has less left counts as gone: the cluster may be about to remove it, and its clock may be another. */
export const LAPSED_MS = 10 * 60_000;
/** Milliseconds for a Job in a queue: it may be taken back at any time, and wait again through a Paperclip that is away. */
const IN_QUEUE_MS = 7 * 86_400_000;

export interface Need {
  /** Milliseconds since 1970 until which the bundle must be there. */
  readonly least: number;
  /** Until which it is held where it is not. */
  readonly wanted: number;
}

export function needOf(
  { queue, podStartTimeoutSec }: Pick<RunPlan, "queue" | "podStartTimeoutSec">,
  now: number,
): Need {
  const start = now + podStartTimeoutSec * 1000 + (queue === null ? 0 : IN_QUEUE_MS);
  return { least: start + BEYOND_MS / 2, wanted: start + BEYOND_MS };
}

/** Milliseconds of a Job's life in which nobody has to look at its leases: they were long enough when it was launched. */
const YOUNG_MS = { queued: 86_400_000, other: 20 * 60_000 };

/**
 * Of a Job that has lived for a while and may get a pod yet: its pod does not run, or a queue has it, which may take the pod
 * back whenever it likes. Null: it needs none.
 */
export function needOfLiving(job: Job, now: number): Need | null {
  const isLiving = ["candidate", "started"].includes(stateOf(job));
  const isQueued = queueOf(job) !== null;
  const ageMs = now - Date.parse(job.metadata?.creationTimestamp ?? "");
  const runs = !isQueued && (job.status?.ready ?? 0) > 0;
  if (!isLiving || runs || ageMs < (isQueued ? YOUNG_MS.queued : YOUNG_MS.other)) return null;
  return isQueued
    ? { least: now + IN_QUEUE_MS / 2, wanted: now + IN_QUEUE_MS + BEYOND_MS }
    : { least: now + BEYOND_MS / 2, wanted: now + BEYOND_MS };
}

/** Milliseconds since 1970 until which the cluster keeps it at least: its TTL begins when it has finished. */
export function heldUntil({ metadata, spec }: Job): number {
  return Date.parse(metadata?.creationTimestamp ?? "") + (spec?.ttlSecondsAfterFinished ?? 0) * 1000;
}

/** With which TTL the holder lasts until then. */
export const ttlUntil = ({ metadata }: Job, until: number): number =>
  Math.ceil((until - Date.parse(metadata?.creationTimestamp ?? "")) / 1000);
