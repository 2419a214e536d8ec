import type { Pod } from "../objects.ts";

/** What the controller remembers of a Job's failures; lost when it restarts, as in a real cluster. */
export interface Backoff {
  readonly failures: number;
  readonly lastFailureAt: number;
}

export const NO_BACKOFF: Backoff = { failures: 0, lastFailureAt: 0 };

const LONGEST = 60;

/** A success clears the record; each failed pod, ignored by a policy or not, lengthens the wait. */
export function remember(before: Backoff, failed: readonly Pod[], anySuccess: boolean, now: number): Backoff {
  if (anySuccess) return NO_BACKOFF;
  if (failed.length === 0) return before;
  const times = failed.map((pod) => finishedAt(pod) ?? now);
  return { failures: before.failures + failed.length, lastFailureAt: Math.max(before.lastFailureAt, ...times) };
}

/** When the next pod may be created; measured: 10 s after the failed container's finishedAt. */
export function nextCreation(backoff: Backoff, unit: number): number {
  if (backoff.failures === 0) return 0;
  return backoff.lastFailureAt + unit * Math.min(2 ** (backoff.failures - 1), LONGEST);
}

function finishedAt(pod: Pod): number | undefined {
  const ends = (pod.status?.containerStatuses ?? []).map(({ state }) => state?.terminated?.finishedAt);
  const times = ends.filter((end) => typeof end === "string").map((end) => Date.parse(end));
  return times.length === 0 ? undefined : Math.max(...times);
}
