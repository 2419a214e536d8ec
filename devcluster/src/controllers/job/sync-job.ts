import type { JobStatus } from "kubernetes-types/batch/v1";
import type { EventText } from "../events.ts";
import { hasEnded, isTrue, type Job, type Pod, phaseOf, timestamp } from "../objects.ts";
import { type Backoff, nextCreation, remember } from "./backoff.ts";
import { holds, withCondition } from "./conditions.ts";
import { judgeFailure } from "./pod-failure-policy.ts";
import { TRACKING_FINALIZER } from "./pod-template.ts";
import { decideTarget, type Target, withTarget, withVerdict } from "./target.ts";

export interface JobFacts {
  readonly job: Job;
  /** Every pod that the Job controls. */
  readonly pods: readonly Pod[];
  readonly now: number;
  readonly backoff: Backoff;
  /** Milliseconds of the first back-off. */
  readonly backoffUnit: number;
}

/** What to do, in this order; two status writes, because a real controller counts a pod before it lets it go. */
export interface JobPlan {
  /** Pods whose finalizer goes first: they are not counted. */
  readonly disown: readonly Pod[];
  readonly remove: readonly Pod[];
  readonly create: number;
  readonly counting: JobStatus;
  /** Pods whose finalizer goes between the two status writes. */
  readonly release: readonly Pod[];
  readonly counted: JobStatus;
  readonly events: readonly EventText[];
  readonly backoff: Backoff;
  /** Look again at this time though nothing changed. */
  readonly again?: number;
}

/** Decides what a Job needs now. Completion mode Indexed is not simulated. */
export function syncJob(facts: JobFacts): JobPlan {
  const { job, pods, now } = facts;
  const before = job.status ?? {};
  const tracked = pods.filter((pod) => pod.metadata.finalizers?.includes(TRACKING_FINALIZER));
  if (holds(before.conditions, "Complete") || holds(before.conditions, "Failed"))
    return settled(facts, before, tracked);
  const live = census(pods);
  if (job.metadata.deletionTimestamp !== undefined) return settled(facts, withCensus(before, live), tracked);

  const ended = sortEnded(job, tracked);
  const backoff = remember(facts.backoff, ended.failed, ended.succeeded.length > 0, now);
  const target = decideTarget({
    job,
    now,
    failed: (before.failed ?? 0) + ended.counted.length,
    succeeded: (before.succeeded ?? 0) + ended.succeeded.length,
    active: live.active.length,
    failJob: ended.failJob,
  });
  if (job.spec.suspend === true && target === undefined) return suspend(facts, live, ended, backoff);
  if (target !== undefined) return conclude(facts, live, ended, backoff, target);
  return proceed(facts, live, ended, backoff);
}

interface Census {
  readonly active: readonly Pod[];
  readonly ready: number;
  readonly terminating: number;
}

function census(pods: readonly Pod[]): Census {
  const running = pods.filter((pod) => !hasEnded(pod));
  const active = running.filter((pod) => pod.metadata.deletionTimestamp === undefined);
  return {
    active,
    ready: active.filter((pod) => isTrue(pod.status?.conditions, "Ready")).length,
    terminating: running.length - active.length,
  };
}

interface Ended {
  readonly succeeded: readonly Pod[];
  /** Failed in any way; `counted` are those that a policy does not ignore. */
  readonly failed: readonly Pod[];
  readonly counted: readonly Pod[];
  readonly failJob: string | undefined;
}

function sortEnded(job: Job, tracked: readonly Pod[]): Ended {
  const { podFailurePolicy } = job.spec;
  const waits = waitsForTheEnd(job);
  const succeeded = tracked.filter((pod) => phaseOf(pod) === "Succeeded");
  const failed = tracked.filter(
    (pod) => phaseOf(pod) === "Failed" || (!waits && !hasEnded(pod) && pod.metadata.deletionTimestamp !== undefined),
  );
  const verdicts = failed.map((pod) => ({ pod, verdict: judgeFailure(podFailurePolicy, pod) }));
  const counted = verdicts.filter(({ verdict }) => verdict.action !== "Ignore").map(({ pod }) => pod);
  const fatal = verdicts.map(({ verdict }) => verdict).find((verdict) => verdict.action === "FailJob");
  return { succeeded, failed, counted, failJob: fatal?.message };
}

/** podReplacementPolicy Failed: a pod counts, and is replaced, only when it has really ended. */
function waitsForTheEnd(job: Job): boolean {
  const policy = (job.spec as { podReplacementPolicy?: string }).podReplacementPolicy;
  return policy === "Failed" || (policy === undefined && job.spec.podFailurePolicy !== undefined);
}

/** A Job that is over or being deleted lets its pods go and does nothing else. */
function settled(facts: JobFacts, status: JobStatus, tracked: readonly Pod[]): JobPlan {
  const nothing = { remove: [], create: 0, release: [], events: [], backoff: facts.backoff };
  return { ...nothing, disown: tracked, counting: status, counted: status };
}

function suspend(facts: JobFacts, live: Census, ended: Ended, backoff: Backoff): JobPlan {
  const { job, now } = facts;
  const was = job.status?.conditions ?? [];
  const change = { type: "Suspended", status: "True", reason: "JobSuspended", message: "Job suspended" } as const;
  const conditions = withCondition(was, change, now);
  const { startTime: _, ...before } = job.status ?? {};
  const gone: Census = { active: [], ready: 0, terminating: live.terminating + live.active.length };
  const status = { ...withCensus(before, gone), conditions: [...conditions] };
  return {
    disown: live.active,
    remove: live.active,
    create: 0,
    counting: withUncounted(status, ended),
    release: [...ended.succeeded, ...ended.failed],
    counted: withCounts(status, ended),
    events: holds(was, "Suspended") ? [] : [{ type: "Normal", reason: "Suspended", message: "Job suspended" }],
    backoff,
  };
}

/** The outcome is decided: what still runs is deleted, and the verdict waits until nothing is left. */
function conclude(facts: JobFacts, live: Census, ended: Ended, backoff: Backoff, target: Target): JobPlan {
  const { job, now } = facts;
  const dying = live.active.filter((pod) => pod.metadata.finalizers?.includes(TRACKING_FINALIZER));
  const all: Ended = target.outcome === "Failed" ? { ...ended, counted: [...ended.counted, ...dying] } : ended;
  const gone: Census = { active: [], ready: 0, terminating: live.terminating + live.active.length };
  const status = withTarget(withCensus(started(job, now), gone), target, now);
  const over = gone.terminating === 0;
  const counted = withCounts(status, all);
  return {
    disown: [],
    remove: live.active,
    create: 0,
    counting: withUncounted(status, all),
    release: [...all.succeeded, ...all.failed, ...dying],
    counted: over ? withVerdict(counted, target, now) : counted,
    events: over ? [verdictEvent(target)] : [],
    backoff,
  };
}

function verdictEvent(target: Target): EventText {
  if (target.outcome === "Complete") return { type: "Normal", reason: "Completed", message: "Job completed" };
  return { type: "Warning", reason: target.reason, message: target.message };
}

function proceed(facts: JobFacts, live: Census, ended: Ended, backoff: Backoff): JobPlan {
  const { job, now } = facts;
  const { parallelism = 1, completions } = job.spec;
  const resumed = holds(job.status?.conditions, "Suspended");
  const succeeded = (job.status?.succeeded ?? 0) + ended.succeeded.length;
  const wanted = completions === undefined ? parallelism : Math.min(parallelism, completions - succeeded);
  const busy = live.active.length + (waitsForTheEnd(job) ? live.terminating : 0);
  const missing = Math.max(0, wanted - busy);
  const allowedAt = nextCreation(backoff, facts.backoffUnit);
  const create = allowedAt <= now ? missing : 0;
  const base = resumed ? resume(started(job, now, true), now) : started(job, now);
  const status = withCensus(base, live, create);
  const again = [missing > create ? allowedAt : Number.POSITIVE_INFINITY, deadline(status, job)];
  return {
    disown: [],
    remove: live.active.slice(0, Math.max(0, live.active.length - wanted)),
    create,
    counting: withUncounted(status, ended),
    release: [...ended.succeeded, ...ended.failed],
    counted: withCounts(status, ended),
    events: resumed ? [{ type: "Normal", reason: "Resumed", message: "Job resumed" }] : [],
    backoff,
    again: Math.min(...again),
  };
}

function deadline(status: JobStatus, job: Job): number {
  const { activeDeadlineSeconds } = job.spec;
  if (activeDeadlineSeconds === undefined || status.startTime === undefined) return Number.POSITIVE_INFINITY;
  return Date.parse(status.startTime) + activeDeadlineSeconds * 1000;
}

function started(job: Job, now: number, anew = false): JobStatus {
  const status = job.status ?? {};
  return { ...status, startTime: anew ? timestamp(now) : (status.startTime ?? timestamp(now)) };
}

function resume(status: JobStatus, now: number): JobStatus {
  const change = { type: "Suspended", status: "False", reason: "JobResumed", message: "Job resumed" } as const;
  return { ...status, conditions: [...withCondition(status.conditions ?? [], change, now)] };
}

function withCensus(status: JobStatus, live: Census, created = 0): JobStatus {
  const { active: _, ...rest } = status;
  const active = live.active.length + created;
  const counts = { ready: live.ready, terminating: live.terminating, uncountedTerminatedPods: {} };
  return { ...rest, ...(active === 0 ? {} : { active }), ...counts };
}

const uids = (pods: readonly Pod[]): string[] => pods.map((pod) => pod.metadata.uid);

function withUncounted(status: JobStatus, ended: Ended): JobStatus {
  const uncountedTerminatedPods = {
    ...(ended.succeeded.length === 0 ? {} : { succeeded: uids(ended.succeeded) }),
    ...(ended.counted.length === 0 ? {} : { failed: uids(ended.counted) }),
  };
  return { ...status, uncountedTerminatedPods };
}

function withCounts(status: JobStatus, ended: Ended): JobStatus {
  const succeeded = (status.succeeded ?? 0) + ended.succeeded.length;
  const failed = (status.failed ?? 0) + ended.counted.length;
  return { ...status, ...(succeeded === 0 ? {} : { succeeded }), ...(failed === 0 ? {} : { failed }) };
}
