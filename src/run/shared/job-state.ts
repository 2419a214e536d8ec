/** What a Job of an agent is to the agent's next run. Pure. */
import type { Job } from "kubernetes-types/batch/v1";
import { ANNOTATIONS, LABELS, labelValue } from "./names.ts";

export type JobState =
  /** Being deleted: it blocks nobody. */
  | "leaving"
  /** Its outcome was reported; kept only to be looked at. */
  | "collected"
  /** It ended, and nobody has reported it. */
  | "finished"
  /** An adapter stopped it: nothing of it starts again. */
  | "stopped"
  /** Created and never let go: nothing of it ever ran. */
  | "candidate"
  /** Let go: its agent runs, or will. */
  | "started";

export function stateOf(job: Job): JobState {
  const { metadata, spec, status } = job;
  const annotations = metadata?.annotations ?? {};
  if (metadata?.deletionTimestamp) return "leaving";
  if (annotations[ANNOTATIONS.collected]) return "collected";
  if (hasFinished(job)) return "finished";
  if (spec?.suspend !== true) return "started";
  if (annotations[ANNOTATIONS.stopped]) return "stopped";
  // Somebody else may suspend and resume Jobs as well: what has run before is no contender.
  const ranBefore = annotations[ANNOTATIONS.started] || status?.startTime || status?.active;
  return ranBefore ? "started" : "candidate";
}

function hasFinished({ status }: Job): boolean {
  const ends = ["Complete", "Failed", "SuccessCriteriaMet", "FailureTarget"];
  return status?.conditions?.some(({ type, status: is }) => is === "True" && ends.includes(type)) ?? false;
}

/** Of a Job that is held back: false once its controller has seen that and counts no pod, also none that is being ended. */
export function hasPods({ status }: Job): boolean {
  const held = status?.conditions?.some(({ type, status: is }) => type === "Suspended" && is === "True") ?? false;
  return !held || (status?.active ?? 0) + (status?.terminating ?? 0) > 0;
}

/** The run that a Job belongs to now: whole where the annotation has it, else as the label could hold it. */
export function runIdOf(job: Job): string | null {
  return job.metadata?.annotations?.[ANNOTATIONS.runId] ?? job.metadata?.labels?.[LABELS.runId] ?? null;
}

export function taskIdOf(job: Job): string | null {
  return job.metadata?.annotations?.[ANNOTATIONS.taskId] ?? job.metadata?.labels?.[LABELS.taskId] ?? null;
}

/** The session that the Job's agent resumed; null for a fresh one. As the label could hold it. */
export function sessionLabelOf(job: Job): string | null {
  return job.metadata?.labels?.[LABELS.sessionId] ?? null;
}

export function isOfRun(job: Job, runId: string): boolean {
  const id = runIdOf(job);
  return id !== null && (id === runId || id === labelValue(runId));
}

/** True for a Job of the environment test, which belongs to no run. */
export const isProbe = (job: Job): boolean => job.metadata?.labels?.[LABELS.probe] !== undefined;

export const nameOf = (job: Job): string => job.metadata?.name ?? "";

export const newestFirst = (a: Job, b: Job): number =>
  (b.metadata?.creationTimestamp ?? "").localeCompare(a.metadata?.creationTimestamp ?? "");
