/**
 * Who of several contenders may let its Job go. Pure.
 *
 * Every contender creates its Job suspended, lists the agent's Jobs after that, and obeys the answer below each time it
 * lists, until it goes or withdraws. Two cannot both go: take the later created of two that did. Its list was read after
 * both Jobs existed, so it saw the earlier one, unless that was gone or over. Seen as let go, or held under a lower name:
 * it withdrew. Held under a higher name: it waited until that was let go (and withdrew), or gone or over (and a Job that
 * is gone cannot be let go). Somebody goes: the lowest name of those who elect waits for nobody who waits.
 *
 * All it needs of the API server: a list that asks for no resourceVersion shows every create that was answered before.
 */
import type { Job } from "kubernetes-types/batch/v1";
import { nameOf, stateOf } from "../shared/job-state.ts";

export type Election =
  | { readonly kind: "go" }
  /** `other` has the slot, or comes first. */
  | { readonly kind: "withdraw"; readonly other: Job }
  /** `other` comes later but may not have seen us: it goes or withdraws soon, then decide again. */
  | { readonly kind: "wait"; readonly other: Job };

export function elect(me: { readonly name: string; readonly uid: string }, jobsOfAgent: readonly Job[]): Election {
  const others = jobsOfAgent.filter((job) => job.metadata?.uid !== me.uid);
  const started = others.find((job) => stateOf(job) === "started");
  if (started) return { kind: "withdraw", other: started };
  const held = others.filter((job) => stateOf(job) === "candidate");
  const before = held.find((job) => nameOf(job) < me.name);
  if (before) return { kind: "withdraw", other: before };
  const [after] = held;
  return after ? { kind: "wait", other: after } : { kind: "go" };
}
