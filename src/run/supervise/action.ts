/** What is to be done with a Job that no run of this process looks after. Pure. */
import type { Job } from "kubernetes-types/batch/v1";
import { z } from "zod";
import type { RunStatus } from "../../paperclip/run-status.ts";
import type { Clearing } from "../claim/claim.ts";
import { runIdOf, stateOf, taskIdOf } from "../shared/job-state.ts";
import { ANNOTATIONS } from "../shared/names.ts";

/** On a Job: for which lost run its agent was last woken. Who writes it may wake; of several processes one does. */
export const WOKEN = "paperclip.io/woken";

export type Action = { readonly kind: "none" } | { readonly kind: "clear"; readonly clearing: Clearing } | Wake;

export interface Wake {
  readonly kind: "wake";
  readonly lostRunId: string;
  readonly taskId: string | null;
  /** It was tried before. */
  readonly again: boolean;
  /** The new value of WOKEN. */
  readonly mark: string;
}

/** Milliseconds before the same lost run is tried again, doubled each time: its agent may be paused, or the task held. */
const AGAIN_AFTER_MS = 60_000;
/** Then, after an hour, the Job waits for a person, or for the task's next run. */
const MAX_WAKEUPS = 7;
/** Milliseconds that whoever stopped a Job gets to see its end. */
const STOPPED_FOR_MS = 5 * 60_000;

/** Milliseconds after which a Job that was never let go is left over: whoever makes one is done within minutes. */
const HELD_FOR_MS = 60 * 60_000;

const NONE: Action = { kind: "none" };

/** @param status of the run that the Job belongs to; of its last successor when Paperclip has continued it already */
export function decideAction(job: Job, status: RunStatus, now: number): Action {
  const state = stateOf(job);
  const clear = (how: Clearing["how"], why: string): Action => ({ kind: "clear", clearing: { job, how, why } });
  // Nothing of it ran, and once it is gone nothing of it can: no word of Paperclip's is needed but that it is not alive.
  if (state === "candidate" && status.kind !== "alive" && ageOf(job, now) > HELD_FOR_MS)
    return clear("delete", "nobody let it go for an hour, and nothing of it ever ran");
  // Only Paperclip's plain word that the run is over is a leave to do anything else.
  if (status.kind !== "over" || state === "leaving" || state === "collected") return NONE;
  const cancelled = status.status === "cancelled";
  // Its agent has ended even if its conditions, which come seconds later, do not show that yet.
  if (state !== "stopped" && isReported(job, status)) return clear("delete", "Paperclip has recorded its outcome");
  switch (state) {
    case "candidate":
      return clear("delete", "its run is over, and nothing of it ever ran");
    case "stopped":
      return suspendedFor(job, now) > STOPPED_FOR_MS ? clear("delete", "its run was stopped") : NONE;
    case "started":
      return cancelled ? clear("stop", "its run was cancelled while nobody watched it") : wake(job, status, now);
    case "finished": {
      const stopped = cancelled || job.metadata?.annotations?.[ANNOTATIONS.stopped] !== undefined;
      if (stopped) return clear("delete", "its run was stopped");
      if (status.status === "succeeded") return clear("delete", "Paperclip has recorded its success");
      return wake(job, status, now);
    }
  }
}

function wake(job: Job, { status }: { readonly status: string }, now: number): Action {
  const lostRunId = runIdOf(job);
  const taskId = taskIdOf(job);
  // A success needs no second turn.
  if (!lostRunId || status === "succeeded") return NONE;
  const before = readMark(job);
  const again = before?.run === lostRunId;
  // One that has no task and finds nothing to take over would do something else, which nobody asked for.
  if (again && taskId === null) return NONE;
  if (again && now - before.at < AGAIN_AFTER_MS * 2 ** (before.times - 1)) return NONE;
  const times = (before?.times ?? 0) + 1;
  if (times > MAX_WAKEUPS) return NONE;
  return { kind: "wake", lostRunId, taskId, again, mark: JSON.stringify({ run: lostRunId, at: now, times }) };
}

const mark = z.object({ run: z.string(), at: z.number(), times: z.number() });

function readMark(job: Job): z.infer<typeof mark> | null {
  try {
    return mark.parse(JSON.parse(job.metadata?.annotations?.[WOKEN] ?? ""));
  } catch {
    return null;
  }
}

function isReported(job: Job, status: Extract<RunStatus, { kind: "over" }>): boolean {
  const { reported } = status;
  return reported?.job === job.metadata?.uid && !["detached", "adapter-fault"].includes(reported?.verdict ?? "");
}

/** By two clocks, the cluster's and ours. */
function ageOf({ metadata }: Job, now: number): number {
  return now - Date.parse(metadata?.creationTimestamp ?? "");
}

function suspendedFor({ status }: Job, now: number): number {
  const condition = status?.conditions?.find(({ type, status: is }) => type === "Suspended" && is === "True");
  return condition?.lastTransitionTime ? now - Date.parse(condition.lastTransitionTime) : 0;
}
