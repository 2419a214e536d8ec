/** What keeps a run from starting and does not end by itself, with what to do about it. Pure. */
import type { Job } from "kubernetes-types/batch/v1";
import { isPassing, type Unreadable } from "../../paperclip/run-status.ts";
import type { VerdictCode } from "../shared/codes.ts";
import { describeJob, nameOf, runIdOf, sessionLabelOf, stateOf } from "../shared/job-state.ts";
import type { Ownership } from "./ownership/ownership.ts";

/** A Job that may be this Paperclip's, and nothing confirms it. */
export interface Unproven {
  readonly job: Job;
  readonly ownership: Extract<Ownership, { kind: "unproven" }>;
}

export interface Blocked {
  readonly code: VerdictCode;
  /** What holds the slot, a sentence without its full stop. */
  readonly why: string;
  readonly fix: string;
  /** Another try can succeed with nothing changed: Paperclip did not answer. @default false */
  readonly transient?: boolean;
}

export const blockedByOrphan = (job: Job): Blocked => ({
  code: "k8s_concurrent_run_blocked",
  why: `${describeJob(job)} is running, its run in Paperclip has ended, and reattachOrphanedJobs is off`,
  fix: `Set reattachOrphanedJobs to true, so that the next run of its task takes it over, or delete it: ${deletion(job)}`,
});

export const blockedBySession = (job: Job): Blocked => ({
  code: "k8s_orphan_session_mismatch",
  why: `${describeJob(job)} is running in session ${sessionLabelOf(job)}, and this run resumes another one`,
  fix: `Wait until it ends, or delete it: ${deletion(job)}`,
});

export const blockedByTwo = (living: readonly Job[]): Blocked => ({
  code: "k8s_concurrent_run_blocked",
  why: `${living.length} Jobs of this task are running (${living.map(nameOf).join(", ")}), and a run can take over only one of them`,
  fix: `Keep one of them and delete the others: ${living.map(deletion).join(" or ")}`,
});

/** It may be this Paperclip's, and beside it a second agent would work on the task. */
export function blockedByUnproven({ job, ownership: { why, passing } }: Unproven): Blocked {
  return {
    code: passing ? "k8s_concurrency_guard_unreachable" : "k8s_concurrent_run_blocked",
    why: `${describeJob(job)} has this run's slot, and cannot be recognised as this Paperclip's own: ${why}`,
    fix: passing
      ? `Check that Paperclip's API answers at the address in PAPERCLIP_API_URL, then run the task again. To delete the Job instead: ${deletion(job)}`
      : `If the work of its agent is not needed, delete the Job, then run the task again: ${deletion(job)}`,
    transient: passing,
  };
}

export const blockedByReport = (): Blocked => ({
  code: "k8s_job_state_mismatch",
  why: "The outcome of this run is already reported",
  fix: "Start a new run.",
});

export const describeProgress = (job: Job): string =>
  `${describeJob(job)} ${stateOf(job) === "finished" ? "has finished" : "is running"}`;

export function unreadable(job: Job, status: Unreadable): Blocked {
  return {
    code: "k8s_concurrency_guard_unreachable",
    why: `${describeProgress(job)}, and the status of its run ${runIdOf(job)} is unknown: Paperclip's record of the run cannot be read (${status.why})`,
    fix: `Check that Paperclip's API answers at the address in PAPERCLIP_API_URL, then run the task again. To delete the Job instead: ${deletion(job)}`,
    transient: isPassing(status),
  };
}

export function deletion(job: Job): string {
  return `kubectl -n ${job.metadata?.namespace} delete job ${nameOf(job)}`;
}
