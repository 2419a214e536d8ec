/**
 * Which Job may have the slot: decided from the cluster's Jobs and pods and from Paperclip's status of their runs. Pure.
 * The order is that of possible harm: first what must not be disturbed, then what is unclear, then what may be adopted.
 */
import type { Job } from "kubernetes-types/batch/v1";
import type { Pod } from "kubernetes-types/core/v1";
import type { RunStatus } from "../../paperclip/run-status.ts";
import { isAbandoned, isHeld, isOfRun, newestFirst, runIdOf, stateOf } from "../shared/job-state.ts";
import { type Blocked, blockedByReport, blockedByTwo } from "./blocked.ts";
import { type Claimant, type Classification, classifyJob, concernOf, type Removal } from "./classify.ts";
import { type Wait, waitForPods } from "./wait.ts";

export type ClaimDecision =
  /** The slot is free. `existing`: a Job of this run that was never unsuspended; an earlier call made it. */
  | { readonly kind: "free"; readonly existing: Job | null }
  /** A Job of this very run that was unsuspended: an earlier process of the adapter started or adopted it. */
  | { readonly kind: "ours"; readonly job: Job }
  | { readonly kind: "adopt"; readonly job: Job }
  /** These are removed first; then it is decided again. */
  | { readonly kind: "remove"; readonly removals: readonly Removal[] }
  | { readonly kind: "wait"; readonly wait: Wait }
  | { readonly kind: "blocked"; readonly by: Blocked };

/** What the cluster shows: all that may concern the run, and more. */
export interface ClusterState {
  readonly jobs: readonly Job[];
  readonly pods: readonly Pod[];
}

/** By run id. */
export type RunStatuses = ReadonlyMap<string, RunStatus>;

/** The runs whose status decides something: to be read before decideClaim(). */
export function runsInQuestion(me: Claimant, jobs: readonly Job[]): readonly string[] {
  return [...new Set(jobs.flatMap((job) => (concernOf(me, job) ? (runIdOf(job) ?? []) : [])))];
}

/** True when it decides something whom the task belongs to: another agent's run on it is over, and its Job is not. */
export function dependsOnAssignee(me: Claimant, jobs: readonly Job[], statuses: RunStatuses): boolean {
  return jobs.some((job) => {
    const matters = concernOf(me, job) === "task" && ["started", "stopped"].includes(stateOf(job));
    return matters && statuses.get(runIdOf(job) ?? "")?.kind === "over";
  });
}

export function decideClaim(me: Claimant, seen: ClusterState, statuses: RunStatuses): ClaimDecision {
  const jobs = seen.jobs.toSorted(newestFirst);
  const ours = jobs.find((job) => isOfRun(job, me.runId) && stateOf(job) !== "leaving");
  const state = ours ? stateOf(ours) : null;
  if (state === "collected") return { kind: "blocked", by: blockedByReport() };
  if (ours && !isHeld(ours)) return { kind: "ours", job: ours };

  const assessed = jobs.map((job) => {
    const status = statuses.get(runIdOf(job) ?? "") ?? { kind: "unknown" };
    return { job, classification: classifyJob(me, job, status) };
  });
  return (
    blocked(assessed) ??
    waiting(assessed, "claim") ??
    adoption(assessed) ??
    waiting(assessed, "start") ??
    waitingForPods(me, seen) ?? { kind: "free", existing: ours ?? null }
  );
}

interface Assessed {
  readonly job: Job;
  readonly classification: Classification;
}

function blocked(assessed: readonly Assessed[]): ClaimDecision | null {
  for (const { classification } of assessed)
    if (classification.kind === "blocks") return { kind: "blocked", by: classification.by };
  return null;
}

function waiting(assessed: readonly Assessed[], holdsBack: "claim" | "start"): ClaimDecision | null {
  for (const { classification } of assessed)
    if (classification.kind === "wait" && classification.holdsBack === holdsBack)
      return { kind: "wait", wait: classification.wait };
  return null;
}

function waitingForPods(me: Claimant, { jobs, pods }: ClusterState): ClaimDecision | null {
  const living = jobs.filter((job) => isAbandoned(job) || ["candidate", "started", "stopped"].includes(stateOf(job)));
  const wait = waitForPods(me, pods, living);
  return wait && { kind: "wait", wait };
}

function adoption(assessed: readonly Assessed[]): ClaimDecision | null {
  const orphans = (isLiving: boolean): readonly Job[] =>
    assessed.flatMap(({ job, classification }) =>
      classification.kind === "orphan" && classification.living === isLiving ? [job] : [],
    );
  const living = orphans(true);
  if (living.length > 1) return { kind: "blocked", by: blockedByTwo(living) };
  const [chosen, ...rest] = [...living, ...orphans(false)];
  const superseded = rest.map(
    (job) => ({ job, how: "delete", why: "a newer Job of the same task takes its place" }) as const,
  );
  const removals = assessed.flatMap(({ job, classification }) =>
    classification.kind === "remove" ? [{ job, ...classification.removal }] : [],
  );
  if (removals.length + superseded.length > 0) return { kind: "remove", removals: [...removals, ...superseded] };
  return chosen ? { kind: "adopt", job: chosen } : null;
}
