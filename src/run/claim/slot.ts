/**
 * The slot of a run: its agent and its task. One Job of a slot lives at a time; runs without a task share one slot of
 * their agent. A session is as exclusive: two agents in one session would overwrite each other's work. Pure.
 */
import type { Job } from "kubernetes-types/batch/v1";
import type { Pod } from "kubernetes-types/core/v1";
import { sessionLabelOf, taskIdOf } from "../shared/job-state.ts";
import { agentLabel, LABELS, labelValue, type RunIdentity } from "../shared/names.ts";

export type SlotOfRun = Pick<RunIdentity, "agentId" | "taskId"> & {
  /** The session that the run resumes; null for a fresh one, whose id is not known before the agent starts. */
  readonly sessionId: string | null;
};

export type Relation =
  /** The same agent and task. */
  | "slot"
  /** Another agent's, on the same task. */
  | "task"
  /** Another slot's, in the session that the run would resume. */
  | "session";

/** Null: the two do not exclude each other. */
export function relationOf(run: SlotOfRun, object: Job | Pod): Relation | null {
  const sameAgent = object.metadata?.labels?.[LABELS.agentId] === agentLabel(run.agentId);
  if (isOfTask(object, run.taskId) && (sameAgent || run.taskId !== null)) return sameAgent ? "slot" : "task";
  const session = labelValue(run.sessionId);
  return session !== null && sessionLabelOf(object) === session ? "session" : null;
}

/** Whole where the annotation has the task's id, else as the label could hold it. */
function isOfTask(object: Job | Pod, taskId: string | null): boolean {
  const theirs = taskIdOf(object);
  return theirs === taskId || (theirs !== null && theirs === labelValue(taskId));
}
