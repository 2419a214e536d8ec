/**
 * What a Job's state means under Kueue, measured on 0.19.2. Pure. From the moment that the adapter lets go of a labelled Job,
 * `suspend` is Kueue's: it says whether the queue has admitted the Job, and no longer whether its agent was started or stopped.
 */
import type { Job } from "kubernetes-types/batch/v1";
import type { Event } from "kubernetes-types/core/v1";
import { ANNOTATIONS, QUEUE_LABEL } from "./names.ts";

export const PRIORITY_LABEL = "kueue.x-k8s.io/priority-class";
/** What holds a labelled Job back until it is removed, from its birth on; Kueue before 0.19 does not know it. */
export const GATE_ANNOTATION = "kueue.x-k8s.io/admission-gated-by";
/** The adapter's own gate: its Job is not let go yet. */
export const GATE = "paperclip.io/launch";
/** Kueue's own suspension of a Job that ran; it stays for about a second. */
const STOPPING_ANNOTATION = "kueue.x-k8s.io/stopping";

/** The LocalQueue that has the Job; null: none does. */
export const queueOf = ({ metadata }: Job): string | null => metadata?.labels?.[QUEUE_LABEL] || null;

const gatesOf = ({ metadata }: Job): readonly string[] =>
  (metadata?.annotations?.[GATE_ANNOTATION] ?? "").split(",").filter((gate) => gate !== "");

/**
 * A queue has the Job, and the adapter has not let it go. A queue that knows no gates may have started its pod all the same; the
 * agent in it waits for the run's Secret.
 */
export const isGated = (job: Job): boolean => queueOf(job) !== null && gatesOf(job).includes(GATE);

/** The annotation without the adapter's gate; null: nothing is left of it. */
export const withoutGate = (job: Job): string | null =>
  gatesOf(job)
    .filter((gate) => gate !== GATE)
    .join(",") || null;

export type QueueState =
  /** No queue has it: `suspend` is the adapter's. */
  | { readonly kind: "none" }
  /** A queue named `default` took it at its birth, and it is not let go yet. */
  | { readonly kind: "gated"; readonly queue: string }
  /** Let go, and the queue has not admitted it: now, or again. */
  | { readonly kind: "waiting"; readonly queue: string }
  /** Taken back: its pod gets its grace, and a new one comes when the queue admits it again. */
  | { readonly kind: "evicting"; readonly queue: string }
  | { readonly kind: "admitted"; readonly queue: string }
  /** Nothing of it starts again: it has ended, is being deleted, or an adapter stopped it. */
  | { readonly kind: "over"; readonly queue: string };

const ENDS = ["Complete", "Failed", "SuccessCriteriaMet", "FailureTarget"];

export function queueStateOf(job: Job): QueueState {
  const queue = queueOf(job);
  if (queue === null) return { kind: "none" };
  const { metadata, spec, status } = job;
  const ended = status?.conditions?.some(({ type, status: is }) => is === "True" && ENDS.includes(type));
  if (metadata?.deletionTimestamp || ended || metadata?.annotations?.[ANNOTATIONS.stopped])
    return { kind: "over", queue };
  if (isGated(job)) return { kind: "gated", queue };
  if (spec?.suspend !== true) return { kind: "admitted", queue };
  // Kueue clears the count of pods about a second after it has suspended the Job.
  const evicting = metadata?.annotations?.[STOPPING_ANNOTATION] === "true" || (status?.active ?? 0) > 0;
  return { kind: evicting ? "evicting" : "waiting", queue };
}

/** How Kueue names itself in Events on Jobs and Workloads. */
const isKueues = ({ reportingComponent, source }: Event): boolean =>
  /kueue/i.test(`${reportingComponent ?? ""} ${source?.component ?? ""}`);

/** Kueue's Event that it has stopped the Job. */
export const isStopped = (event: Event): boolean =>
  event.involvedObject?.kind === "Job" && event.reason === "Stopped" && isKueues(event);

/** The name of the Job's Workload, by the Event that tells of its creation. */
export function workloadIn(events: readonly Event[]): string | null {
  const created = events.findLast((event) => event.reason === "CreatedWorkload" && isKueues(event));
  return /^Created Workload: [^/]+\/(\S+)$/.exec(created?.message ?? "")?.[1] ?? null;
}

/** Kueue ended the Job's pod for good: nobody but its operator starts it again. */
export const isDeactivation = (words: string): boolean => /\bworkload is deactivated\b/i.test(words);
