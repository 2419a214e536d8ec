/** How one Job stands to a run that asks for the agent's slot. Pure. */
import type { Job } from "kubernetes-types/batch/v1";
import type { RunStatus } from "../../paperclip/run-status.ts";
import type { VerdictCode } from "../shared/codes.ts";
import {
  hasPods,
  isOfRun,
  type JobState,
  nameOf,
  runIdOf,
  sessionLabelOf,
  stateOf,
  taskIdOf,
} from "../shared/job-state.ts";
import { ANNOTATIONS, labelValue } from "../shared/names.ts";

/** The run that asks. */
export interface Claimant {
  readonly runId: string;
  readonly taskId: string | null;
  /** The session it would resume. */
  readonly sessionId: string | null;
  /** Runs that it continues, as the host names them. */
  readonly predecessors: readonly string[];
  /** The lost run, of no task, whose Job it was asked to take over. Who asked may be anybody: that run must be over. */
  readonly lostRunId: string | null;
  /** False: an orphan blocks instead of being taken over. */
  readonly reattach: boolean;
}

export interface Clearing {
  readonly job: Job;
  /** `stop`: somebody cancelled its run while nobody watched; its agent is still to be ended. */
  readonly how: "delete" | "stop";
  readonly why: string;
}

export interface Blocked {
  readonly kind: "blocked";
  readonly code: VerdictCode;
  readonly job: Job;
  /** What is in the way, in words. */
  readonly why: string;
}

export type Classification =
  | { readonly kind: "none" }
  | { readonly kind: "blocks"; readonly by: Blocked }
  | { readonly kind: "clear"; readonly clearing: Omit<Clearing, "job"> }
  /** An orphan of the same task, or of a run that this one continues. */
  | { readonly kind: "orphan"; readonly living: boolean };

/** `status`: of the run that the Job belongs to. */
export function classifyJob(me: Claimant, job: Job, status: RunStatus): Classification {
  const state = stateOf(job);
  if (state === "leaving" || state === "collected") return { kind: "none" };
  const continued = me.predecessors.some((runId) => isOfRun(job, runId));
  const idle = state === "finished" || (state === "stopped" && !hasPods(job));
  // A finished Job of a living run: its own process is about to report it.
  if (status.kind === "alive" && !continued) return state === "finished" ? { kind: "none" } : alive(job, status);
  if (status.kind === "unreadable" && !continued)
    return idle ? { kind: "none" } : blocks("k8s_concurrency_guard_unreachable", job, unreadable(job, status.why));
  if (state === "candidate") return clear("delete", "its run is over, and nothing of it ever ran");
  return classifyOrphan(me, job, state, status, continued);
}

function classifyOrphan(
  me: Claimant,
  job: Job,
  state: JobState,
  status: RunStatus,
  continued: boolean,
): Classification {
  // Its agent has ended even if its conditions, which come seconds later, do not show that yet.
  if (state !== "stopped" && isReported(job, status)) return clear("delete", "Paperclip has recorded its outcome");
  const living = state === "started";
  if (living && !me.reattach)
    return blocks(
      "k8s_concurrent_run_blocked",
      job,
      `${the(job)} goes on without Paperclip, and reattachOrphanedJobs is off`,
    );
  const wasStopped = job.metadata?.annotations?.[ANNOTATIONS.stopped] !== undefined;
  const cancelled = status.kind === "over" && status.status === "cancelled";
  if (state === "stopped" || (state === "finished" && (wasStopped || cancelled)))
    return clear("delete", "its run was stopped");
  if (cancelled) return clear("stop", "its run was cancelled while nobody watched it");
  const related = continued ? null : unrelated(me, job);
  if (related === null) return sessionFits(me, job) ? orphan(me, living) : sessionMismatch(job, living);
  // The outcome of an ended Job waits for the next run of its own task.
  return living ? blocks(related.code, job, related.why) : { kind: "none" };
}

const orphan = (me: Claimant, living: boolean): Classification =>
  me.reattach ? { kind: "orphan", living } : { kind: "none" };

function sessionMismatch(job: Job, living: boolean): Classification {
  const why = `${the(job)} goes on in session ${sessionLabelOf(job)}, and this run belongs to another one`;
  return living ? blocks("k8s_orphan_session_mismatch", job, why) : { kind: "none" };
}

function unrelated(me: Claimant, job: Job): { readonly code: VerdictCode; readonly why: string } | null {
  const taskId = taskIdOf(job);
  if (taskId === null && me.lostRunId !== null && isOfRun(job, me.lostRunId)) return null;
  if (taskId === null || me.taskId === null) {
    const whose = taskId === null ? "it does not say for which task" : "this run names no task";
    return { code: "k8s_orphan_task_unknown", why: `${the(job)} goes on without Paperclip, and ${whose}` };
  }
  if (taskId === me.taskId || taskId === labelValue(me.taskId)) return null;
  return { code: "k8s_concurrent_run_blocked", why: `${the(job)} goes on with another task without Paperclip` };
}

function sessionFits(me: Claimant, job: Job): boolean {
  const theirs = sessionLabelOf(job);
  const mine = labelValue(me.sessionId);
  return theirs === null || mine === null || theirs === mine;
}

/** Paperclip holds the outcome of this Job; one that said "the run goes on" is none. */
function isReported(job: Job, status: RunStatus): boolean {
  if (status.kind !== "over" || !status.reported) return false;
  const { job: uid, verdict } = status.reported;
  return uid === job.metadata?.uid && verdict !== "detached" && verdict !== "adapter-fault";
}

function alive(job: Job, { status }: { readonly status: string }): Classification {
  const why = `run ${runIdOf(job)} of this agent is alive (${status}) as ${the(job)}, and an agent runs one Job at a time`;
  return blocks("k8s_concurrent_run_blocked", job, why);
}

const unreadable = (job: Job, why: string): string =>
  `${the(job)} of run ${runIdOf(job)} is alive, and whether that run is cannot be known: Paperclip's record of it cannot be read (${why})`;

function the(job: Job): string {
  const taskId = taskIdOf(job);
  return `Job ${nameOf(job)}${taskId ? ` (task ${taskId})` : ""}`;
}

const blocks = (code: VerdictCode, job: Job, why: string): Classification => ({
  kind: "blocks",
  by: { kind: "blocked", code, job, why },
});
const clear = (how: Clearing["how"], why: string): Classification => ({ kind: "clear", clearing: { how, why } });
