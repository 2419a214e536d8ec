/** Who may run now: decided from the Jobs that the cluster shows for this agent. Pure. */
import type { Job } from "kubernetes-types/batch/v1";
import { ANNOTATIONS, LABELS, labelValue, type RunIdentity } from "../plan/names.ts";

export type ClaimDecision =
  | { readonly kind: "free" }
  /** A Job of this very run: an earlier call made it, its answer was lost. */
  | { readonly kind: "ours"; readonly job: Job }
  | {
      readonly kind: "blocked";
      readonly code: "k8s_concurrent_run_blocked";
      readonly job: string;
      readonly runId: string;
      readonly taskId: string | null;
    };

export function decideClaim(identity: RunIdentity, jobsOfAgent: readonly Job[]): ClaimDecision {
  const living = jobsOfAgent.filter(isLiving);
  const ours = living.find((job) => runIdOf(job) === identity.runId);
  if (ours) return { kind: "ours", job: ours };
  const other = living.toSorted(newestFirst)[0];
  if (!other) return { kind: "free" };
  return {
    kind: "blocked",
    code: "k8s_concurrent_run_blocked",
    job: other.metadata?.name ?? "",
    runId: runIdOf(other) ?? "unknown",
    taskId: other.metadata?.annotations?.[ANNOTATIONS.taskId] ?? other.metadata?.labels?.[LABELS.taskId] ?? null,
  };
}

/** Jobs that are being deleted, or have ended, block nobody. */
export function isLiving(job: Job): boolean {
  if (job.metadata?.deletionTimestamp) return false;
  const ended = ["Complete", "Failed", "SuccessCriteriaMet", "FailureTarget"];
  return !job.status?.conditions?.some(({ type, status }) => status === "True" && ended.includes(type));
}

/** The run that a Job says it belongs to: whole where the annotation has it, else as the label could hold it. */
export function runIdOf(job: Job): string | null {
  return job.metadata?.annotations?.[ANNOTATIONS.runId] ?? job.metadata?.labels?.[LABELS.runId] ?? null;
}

export function isRunOf(job: Job, runId: string): boolean {
  const label = job.metadata?.labels?.[LABELS.runId];
  return runIdOf(job) === runId || (label !== undefined && label === labelValue(runId));
}

const newestFirst = (a: Job, b: Job): number =>
  (b.metadata?.creationTimestamp ?? "").localeCompare(a.metadata?.creationTimestamp ?? "");
