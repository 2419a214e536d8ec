/** Of a run that waits for its turn: what for, from one look at the namespace. In the words that its page has. Pure. */
import type { Job } from "kubernetes-types/batch/v1";
import type { Pod } from "kubernetes-types/core/v1";
import { describeTurn } from "./notices.ts";
import { isBounded, type JobsAtOnce, jobsSeen, turnOf, uidOf } from "./order.ts";

/** @param all the namespace's Jobs, as `withPods` shows them. Null: these bounds hold it back no longer, or are not known. */
export function describePlaceInLine(
  job: Job,
  all: readonly Job[],
  pods: readonly Pod[],
  bounds: JobsAtOnce,
  policyPath: string | null,
): string | null {
  if (!isBounded(bounds)) return null;
  const turn = turnOf(job, jobsSeen(all, pods), bounds, new Set());
  return turn.kind === "wait" ? describeTurn(turn, policyPath) : null;
}

/** The same where the bounds are not known: how many stand before it in its namespace, whatever holds them back. */
export function describePlaceUnbounded(job: Job, all: readonly Job[]): string {
  const { candidates } = jobsSeen(all, []);
  const before = candidates.findIndex((candidate) => uidOf(candidate) === uidOf(job));
  const place =
    before < 0
      ? ""
      : before === 0
        ? ", as the first in this namespace"
        : `, behind ${before} ${before === 1 ? "other" : "others"} in this namespace`;
  return `Waiting for a turn (limits.jobs of the operator's policy)${place}`;
}
