import type { JobStatus } from "kubernetes-types/batch/v1";
import { type Job, timestamp } from "../objects.ts";
import { conditionOf, withCondition } from "./conditions.ts";

/** What a Job is going to be, known before its last pod is gone. */
export interface Target {
  readonly outcome: "Complete" | "Failed";
  readonly reason: string;
  readonly message: string;
}

export interface Counts {
  readonly job: Job;
  readonly now: number;
  readonly failed: number;
  readonly succeeded: number;
  readonly active: number;
  /** Why a podFailurePolicy fails the Job, if it does. */
  readonly failJob: string | undefined;
}

const NAMES = { Complete: "SuccessCriteriaMet", Failed: "FailureTarget" } as const;

/** The Job's end, decided earlier or now; undefined while it goes on. */
export function decideTarget(counts: Counts): Target | undefined {
  return decidedTarget(counts.job) ?? failure(counts) ?? success(counts);
}

function decidedTarget(job: Job): Target | undefined {
  for (const outcome of ["Failed", "Complete"] as const) {
    const condition = conditionOf(job.status?.conditions, NAMES[outcome]);
    if (condition?.status === "True") {
      return { outcome, reason: condition.reason ?? "", message: condition.message ?? "" };
    }
  }
  return undefined;
}

function failure({ job, now, failed, failJob }: Counts): Target | undefined {
  const outcome = "Failed";
  if (failJob !== undefined) return { outcome, reason: "PodFailurePolicy", message: failJob };
  if (failed > (job.spec.backoffLimit ?? 6)) {
    const message = "Job has reached the specified backoff limit";
    return { outcome, reason: "BackoffLimitExceeded", message };
  }
  const { activeDeadlineSeconds, suspend } = job.spec;
  const startTime = job.status?.startTime;
  if (activeDeadlineSeconds === undefined || startTime === undefined || suspend === true) return undefined;
  // Counted from the whole second that startTime shows: measured, a deadline of 4 s struck after 3.90 s.
  if (now < Date.parse(startTime) + activeDeadlineSeconds * 1000) return undefined;
  return { outcome, reason: "DeadlineExceeded", message: "Job was active longer than specified deadline" };
}

function success({ job, succeeded, active }: Counts): Target | undefined {
  const { completions } = job.spec;
  const enough = completions === undefined ? succeeded > 0 && active === 0 : succeeded >= completions;
  if (!enough) return undefined;
  const message = "Reached expected number of succeeded pods";
  return { outcome: "Complete", reason: "CompletionsReached", message };
}

/** The status that announces the end (SuccessCriteriaMet, FailureTarget). */
export function withTarget(status: JobStatus, target: Target, now: number): JobStatus {
  return add(status, NAMES[target.outcome], target, now);
}

/** The status that states the end (Complete, Failed). */
export function withVerdict(status: JobStatus, target: Target, now: number): JobStatus {
  const ended = add(status, target.outcome, target, now);
  return target.outcome === "Complete" ? { ...ended, completionTime: timestamp(now) } : ended;
}

function add(status: JobStatus, type: string, { reason, message }: Target, now: number): JobStatus {
  const change = { type, status: "True", reason, message } as const;
  return { ...status, conditions: [...withCondition(status.conditions ?? [], change, now)] };
}
