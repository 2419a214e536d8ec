/** What keeps a run from starting and does not end by itself, with what to do about it. Pure. */
import type { Job } from "kubernetes-types/batch/v1";
import type { RunStatus } from "../../paperclip/run-status.ts";
import type { VerdictCode } from "../shared/codes.ts";
import { describeJob, nameOf, runIdOf, sessionLabelOf } from "../shared/job-state.ts";

export interface Blocked {
  readonly code: VerdictCode;
  /** What is in the way, in a sentence without its full stop. */
  readonly why: string;
  readonly fix: string;
}

export const blockedByOrphan = (job: Job): Blocked => ({
  code: "k8s_concurrent_run_blocked",
  why: `${describeJob(job)} goes on without Paperclip, and reattachOrphanedJobs is off`,
  fix: `Set reattachOrphanedJobs to true, so that the next run of its task takes it over, or end it: ${deletion(job)}`,
});

export const blockedBySession = (job: Job): Blocked => ({
  code: "k8s_orphan_session_mismatch",
  why: `${describeJob(job)} goes on in session ${sessionLabelOf(job)}, and this run belongs to another one`,
  fix: `Wait until it ends, or end it: ${deletion(job)}`,
});

export const blockedByTwo = (living: readonly Job[]): Blocked => ({
  code: "k8s_concurrent_run_blocked",
  why: `${living.length} Jobs of this task are alive (${living.map(nameOf).join(", ")}), and one run can take over one`,
  fix: `End those that are not to go on: ${living.map(deletion).join(" or ")}`,
});

export const blockedByReport = (): Blocked => ({
  code: "k8s_job_state_mismatch",
  why: "The outcome of this run was reported before",
  fix: "Start a new run.",
});

export function unreadable(job: Job, { why }: Extract<RunStatus, { kind: "unreadable" }>): Blocked {
  return {
    code: "k8s_concurrency_guard_unreachable",
    why: `${describeJob(job)} is alive, and whether its run ${runIdOf(job)} is cannot be known: Paperclip's record of it cannot be read (${why})`,
    fix: `Check that Paperclip's API answers at the address that PAPERCLIP_API_URL names, then run it again. To end the Job instead: ${deletion(job)}`,
  };
}

export function deletion(job: Job): string {
  return `kubectl -n ${job.metadata?.namespace} delete job ${nameOf(job)}`;
}
