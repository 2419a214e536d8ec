/** What one Job means for a run that claims its slot. Pure. */
import type { Job } from "kubernetes-types/batch/v1";
import { isPassing, type RunStatus } from "../../paperclip/run-status.ts";
import {
  hasPods,
  isAgentUnknown,
  isOfRun,
  nameOf,
  runIdOf,
  sessionLabelOf,
  stateOf,
  wasStopped,
} from "../shared/job-state.ts";
import { queueOf } from "../shared/kueue.ts";
import { labelValue } from "../shared/names.ts";
import { type Blocked, blockedByOrphan, blockedBySession, unreadable } from "./blocked.ts";
import { type Relation, relationOf, type SlotOfRun } from "./slot.ts";
import {
  type Wait,
  waitForLivingRun,
  waitForRecord,
  waitForSession,
  waitForSilentNode,
  waitForStoppedJob,
} from "./wait.ts";

/** The run that claims. */
export interface Claimant extends SlotOfRun {
  readonly runId: string;
  /** Runs that it continues, as the host names them. */
  readonly predecessors: readonly string[];
  /** False: an orphan blocks instead of being adopted. */
  readonly reattach: boolean;
  /** Paperclip says that the task belongs to this agent. */
  readonly ownsTask: boolean;
}

export interface Removal {
  readonly job: Job;
  /** `stop`: its agent is still to be ended, with its grace. */
  readonly how: "delete" | "stop";
  readonly why: string;
}

export type Classification =
  | { readonly kind: "none" }
  | { readonly kind: "blocks"; readonly by: Blocked }
  /** It ends by itself. `start`: only a new Job has to wait for that; an orphan of the slot may be adopted at once. */
  | { readonly kind: "wait"; readonly wait: Wait; readonly holdsBack: "claim" | "start" }
  | { readonly kind: "remove"; readonly removal: Omit<Removal, "job"> }
  /** A Job of the slot, or of a run that this one continues, whose own run is over. */
  | { readonly kind: "orphan"; readonly living: boolean };

const NONE: Classification = { kind: "none" };

/** Why a Job matters to the run. `continued`: it belongs to a run that this one continues, whatever its task is. */
export type Concern = Relation | "continued";

/** Null: the Job does not concern the run, and the status of its run need not be read. */
export function concernOf(me: Claimant, job: Job): Concern | null {
  if (["leaving", "collected"].includes(stateOf(job)) || isOfRun(job, me.runId)) return null;
  const relation = relationOf(me, job);
  // Another agent's Job was started with another configuration, and its token is another agent's.
  if (relation !== "task" && me.predecessors.some((runId) => isOfRun(job, runId))) return "continued";
  return relation;
}

/** `status`: of the run that the Job belongs to. */
export function classifyJob(me: Claimant, job: Job, status: RunStatus): Classification {
  const concern = concernOf(me, job);
  switch (concern) {
    case null:
      return NONE;
    case "session":
      return classifySessionMate(job, status);
    case "task":
      return classifyOtherAgents(me, job, status);
    case "slot":
    case "continued":
      return classifyOwn(me, job, status, concern === "continued");
  }
}

function classifyOwn(me: Claimant, job: Job, status: RunStatus, continued: boolean): Classification {
  const state = stateOf(job);
  // A finished Job of a living run: its own process is about to report it.
  if (status.kind === "alive" && !continued) return state === "finished" ? NONE : wait(waitForLivingRun(job, status));
  if (isAgentUnknown(job)) return wait(waitForSilentNode(job));
  // Suspended again it would be let go again: whoever stopped it was to delete it.
  if (state === "stopped" && queueOf(job) !== null) return remove("delete", "its run was stopped");
  if (state === "stopped" && hasPods(job)) return wait(waitForStoppedJob(job));
  if (status.kind === "unreadable" && !continued) {
    // One that has finished may be adopted: unless its outcome is on record, the task would be done twice.
    const matters = state === "finished" ? me.reattach && isPassing(status) : state !== "stopped";
    if (!matters) return NONE;
    return isPassing(status) ? wait(waitForRecord(job, status)) : blocks(unreadable(job, status));
  }
  if (state === "candidate") return remove("delete", "its run is over, and nothing of it ever ran");
  // Its agent has ended even if its conditions, which come seconds later, do not show that yet.
  if (state !== "stopped" && isReported(job, status)) return remove("delete", "Paperclip has recorded its outcome");
  const living = state === "started";
  if (living && !me.reattach) return blocks(blockedByOrphan(job));
  const cancelled = isCancelled(status);
  if (state === "stopped" || (!living && (cancelled || wasStopped(job))))
    return remove("delete", "its run was stopped");
  if (cancelled) return remove("stop", "its run was cancelled while nobody watched it");
  if (!sessionFits(me, job)) return living ? blocks(blockedBySession(job)) : NONE;
  return me.reattach ? { kind: "orphan", living } : NONE;
}

/** As long as its agent works, the session is taken, whatever became of its run. */
function classifySessionMate(job: Job, status: RunStatus): Classification {
  const state = stateOf(job);
  if (state === "finished") return NONE;
  if (isAgentUnknown(job)) return wait(waitForSilentNode(job), "start");
  if (state === "stopped") return hasPods(job) ? wait(waitForStoppedJob(job), "start") : NONE;
  const over = status.kind === "over" || status.kind === "unknown";
  if (state === "candidate" && over) return remove("delete", "its run is over, and nothing of it ever ran");
  return wait(waitForSession(job), "start");
}

/**
 * Another agent's Job on this run's task. Runs that Paperclip has alive at the same time are its own decision. But where it
 * lost that agent's run and gave the task to this agent, only this one is to work on it.
 */
function classifyOtherAgents(me: Claimant, job: Job, status: RunStatus): Classification {
  const state = stateOf(job);
  if (!me.ownsTask || status.kind !== "over" || isReported(job, status)) return NONE;
  if (state === "stopped" && hasPods(job)) return wait(waitForStoppedJob(job), "start");
  if (state !== "started") return NONE;
  if (!me.reattach) return blocks(blockedByOrphan(job));
  return remove("stop", "its run is over, and its task belongs to another agent now");
}

function sessionFits(me: Claimant, job: Job): boolean {
  const theirs = sessionLabelOf(job);
  const mine = labelValue(me.sessionId);
  return theirs === null || mine === null || theirs === mine;
}

const isCancelled = (status: RunStatus): boolean => status.kind === "over" && status.status === "cancelled";

/** Paperclip has recorded the outcome of this Job; a detachment or a fault of the adapter is no outcome. */
function isReported(job: Job, status: RunStatus): boolean {
  if (status.kind !== "over" || !status.reported) return false;
  const { job: uid, verdict } = status.reported;
  return uid === job.metadata?.uid && verdict !== "detached" && verdict !== "adapter-fault";
}

const blocks = (by: Blocked): Classification => ({ kind: "blocks", by });
const wait = (on: Wait, holdsBack: "claim" | "start" = "claim"): Classification => ({
  kind: "wait",
  wait: on,
  holdsBack,
});
const remove = (how: Removal["how"], why: string): Classification => ({ kind: "remove", removal: { how, why } });

/** For the host, in a sentence. */
export const describeRemoval = ({ job, how, why }: Removal): string =>
  `${how === "stop" ? "Stopping" : "Removing"} Job ${nameOf(job)} of run ${runIdOf(job)}: ${why}`;
