/** What is to be done with a Job that no run of this process looks after. Pure. */
import type { Job } from "kubernetes-types/batch/v1";
import type { RunStatus } from "../../paperclip/run-status.ts";
import type { Removal } from "../claim/claim.ts";
import { hasPods, runIdOf, sidecarSince, stateOf, taskIdOf, wasStopped } from "../shared/job-state.ts";
import { queueOf } from "../shared/kueue.ts";
import { ANNOTATIONS } from "../shared/names.ts";
import { readRunTerms } from "../shared/run-terms.ts";
import { nextMark, readMark, type WokenMark } from "./wake/woken-mark.ts";

export type Action = { readonly kind: "none" } | { readonly kind: "remove"; readonly removal: Removal } | Wake;

export interface Wake {
  readonly kind: "wake";
  readonly lostRunId: string;
  readonly taskId: string | null;
  /** It was tried before. */
  readonly again: boolean;
  /** To be written on the Job before anybody is woken. */
  readonly mark: WokenMark;
}

/** Milliseconds that the process that stopped a Job gets to see its end. */
const STOPPED_FOR_MS = 5 * 60_000;
/** Milliseconds after which nothing of a stopped Job is of use to anybody, whether or not Paperclip knows its run. */
const STOPPED_LEFT_FOR_MS = 60 * 60_000;
const DEFAULT_GRACE_SEC = 60;
/** Milliseconds that the other containers of a kept Job's pod get to end by themselves. */
const SIDECAR_ENDS_WITHIN_MS = 2 * 60_000;
/** Seconds that a kept Job stays which does not say itself. */
const DEFAULT_KEPT_SEC = 86_400;
/** Milliseconds after which a Job that was never unsuspended is left over: its process is done within minutes. */
const CANDIDATE_FOR_MS = 60 * 60_000;

/** The same for one that waits for its turn: its run's token is good for 48 hours. */
const IN_LINE_FOR_MS = 48 * 60 * 60_000;
const IN_LINE_TOO_LONG = "it waited for its turn for two days, and its run is not known to be alive";

const NONE: Action = { kind: "none" };

/** @param status of the run that the Job belongs to; of its last successor when Paperclip has continued it already */
export function decideAction(job: Job, status: RunStatus, now: number): Action {
  const state = stateOf(job);
  const remove = (how: Removal["how"], why: string): Action => ({ kind: "remove", removal: { job, how, why } });
  // Nothing of it ran, and once it is gone nothing of it can: no word of Paperclip's is needed but that it is not alive.
  const leftAfterMs = isInLine(job) ? IN_LINE_FOR_MS : CANDIDATE_FOR_MS;
  if (state === "candidate" && status.kind !== "alive" && ageOf(job, now) > leftAfterMs)
    return remove(
      "delete",
      isInLine(job) ? IN_LINE_TOO_LONG : "it stayed suspended for an hour, and nothing of it ever ran",
    );
  // As a candidate's; a stopped Job has no TTL, and the process that stopped it has long reported that.
  const isLeft = state === "stopped" && status.kind !== "alive" && !hasPods(job);
  if (isLeft && suspendedFor(job, now) > STOPPED_LEFT_FOR_MS)
    return remove("delete", "its run was stopped an hour ago, and nobody removed it");
  const sidecar = sidecarSince(job);
  if (state === "collected" && sidecar && now - Date.parse(sidecar) > SIDECAR_ENDS_WITHIN_MS)
    return remove("stop", "its agent has ended, and another container keeps its pod running");
  if (state === "collected" && job.spec?.suspend === true && isKeptLongEnough(job, now))
    return remove("delete", "it was kept for its ttlSecondsAfterFinished");
  if (status.kind === "unreadable" && status.terminated) return ofTerminatedAgent(job, now, remove);
  // Only Paperclip's plain word that the run is over is a leave to do anything else.
  if (status.kind !== "over" || state === "leaving" || state === "collected") return NONE;
  const cancelled = status.status === "cancelled";
  // Its agent has ended even if its conditions, which come seconds later, do not show that yet.
  if (state !== "stopped" && isReported(job, status)) return remove("delete", "Paperclip has recorded its outcome");
  switch (state) {
    case "candidate":
      if (isInLine(job) && !cancelled && status.status !== "succeeded") return wake(job, status, now);
      return remove("delete", "its run is over, and nothing of it ever ran");
    case "stopped":
      // A queue lets it go again: whoever stopped it was to delete it.
      if (queueOf(job) !== null) return remove("delete", "its run was stopped");
      return mayBeRemoved(job, now) ? remove("delete", "its run was stopped") : NONE;
    case "started":
      return cancelled ? remove("stop", "its run was cancelled while nobody watched it") : wake(job, status, now);
    case "finished": {
      if (cancelled || wasStopped(job)) return remove("delete", "its run was stopped");
      if (status.status === "succeeded") return remove("delete", "Paperclip has recorded its success");
      return wake(job, status, now);
    }
  }
}

/** No run of a terminated agent starts any more, so nobody would ever look after it. What has ended goes by its TTL. */
function ofTerminatedAgent(job: Job, now: number, remove: (how: Removal["how"], why: string) => Action): Action {
  switch (stateOf(job)) {
    case "started":
      return remove("stop", "its agent is terminated in Paperclip");
    case "candidate":
      return remove("delete", "its agent is terminated in Paperclip, and nothing of it ever ran");
    case "stopped":
      return mayBeRemoved(job, now) ? remove("delete", "its agent was stopped") : NONE;
    case "finished":
    case "collected":
    case "leaving":
      return NONE;
  }
}

function wake(job: Job, { status }: { readonly status: string }, now: number): Action {
  const lostRunId = runIdOf(job);
  // A success needs no second turn.
  if (!lostRunId || status === "succeeded") return NONE;
  const before = readMark(job);
  const mark = nextMark(before, lostRunId, now);
  if (!mark) return NONE;
  return { kind: "wake", lostRunId, taskId: taskIdOf(job), again: before?.run === lostRunId, mark };
}

function isReported(job: Job, status: Extract<RunStatus, { kind: "over" }>): boolean {
  const { reported } = status;
  return reported?.job === job.metadata?.uid && !["detached", "adapter-fault"].includes(reported?.verdict ?? "");
}

/** It waits for its turn, because the policy's `limits.jobs` is reached. */
export const isInLine = ({ metadata }: Job): boolean => metadata?.annotations?.[ANNOTATIONS.queued] !== undefined;

/** By two clocks, the cluster's and ours. */
function ageOf({ metadata }: Job, now: number): number {
  return now - Date.parse(metadata?.creationTimestamp ?? "");
}

/** Its agent had its grace, unless its pod is gone anyway. */
function mayBeRemoved(job: Job, now: number): boolean {
  const graceMs = (readRunTerms(job)?.graceSec ?? DEFAULT_GRACE_SEC) * 1000;
  return suspendedFor(job, now) > (hasPods(job) ? STOPPED_FOR_MS + graceMs : STOPPED_FOR_MS);
}

/** A suspended Job never finishes, so its TTL never begins. */
function isKeptLongEnough(job: Job, now: number): boolean {
  return suspendedFor(job, now) > (job.spec?.ttlSecondsAfterFinished ?? DEFAULT_KEPT_SEC) * 1000;
}

function suspendedFor({ status }: Job, now: number): number {
  const condition = status?.conditions?.find(({ type, status: is }) => type === "Suspended" && is === "True");
  return condition?.lastTransitionTime ? now - Date.parse(condition.lastTransitionTime) : 0;
}
