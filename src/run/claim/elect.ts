/**
 * Which of several candidates may be unsuspended. Pure.
 *
 * Every process creates its Job suspended, lists the agent's Jobs after that, and obeys the answer below each time it
 * lists, until its Job starts or it withdraws. Only Jobs that exclude each other count: those of one slot, and those that
 * resume one session. Two that exclude each other cannot both start: take the later created of two that did. Its list was
 * read after both Jobs existed, so it saw the earlier one, unless that was gone or over. Seen as started, or suspended
 * under a lower name: it withdrew. Suspended under a higher name: it waited until that was started (and withdrew), or gone
 * or over (and a Job that is gone cannot be started). Some candidate starts: the one with the lowest name
 * waits for no candidate that waits.
 *
 * All it needs of the API server: a list that asks for no resourceVersion shows every create that was answered before.
 */
import type { Job } from "kubernetes-types/batch/v1";
import { isHeld, nameOf, stateOf } from "../shared/job-state.ts";
import { relationOf, type SlotOfRun } from "./slot.ts";

export type Election =
  | { readonly kind: "start" }
  /** `other` has the slot or the session, or comes first. */
  | { readonly kind: "withdraw"; readonly other: Job }
  /** `other` comes later but may not have seen us: it starts or withdraws soon, then decide again. */
  | { readonly kind: "wait"; readonly other: Job };

export interface Candidate extends SlotOfRun {
  readonly name: string;
  readonly uid: string;
}

export function elect(me: Candidate, jobsOfAgent: readonly Job[]): Election {
  const others = jobsOfAgent.filter((job) => job.metadata?.uid !== me.uid && relationOf(me, job) !== null);
  const started = others.find((job) => stateOf(job) === "started" && !isHeld(job));
  if (started) return { kind: "withdraw", other: started };
  const candidates = others.filter(isHeld);
  const before = candidates.find((job) => nameOf(job) < me.name);
  if (before) return { kind: "withdraw", other: before };
  const [after] = candidates;
  return after ? { kind: "wait", other: after } : { kind: "start" };
}
