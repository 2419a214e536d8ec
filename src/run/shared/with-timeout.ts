import type { Clock } from "../../kubernetes/clock.ts";

const SETTLED = new Error("it was in time");

/** Resolves with the promise's value, or with `fallback` after `ms` milliseconds. Rejects as the promise does. */
export async function withTimeout<T, O>(clock: Clock, ms: number, promise: Promise<T>, fallback: O): Promise<T | O> {
  const settled = new AbortController();
  const timeout = clock.sleep(ms, settled.signal).then(() => fallback);
  try {
    return await Promise.race([promise, timeout]);
  } finally {
    settled.abort(SETTLED);
    timeout.catch(() => "it was in time");
    promise.catch(() => "it was late");
  }
}
