import type { Clock } from "../../kubernetes/clock.ts";

/** What the promise gives, or `otherwise` when that takes longer. Rejects as the promise does. */
export async function within<T, O>(clock: Clock, ms: number, promise: Promise<T>, otherwise: O): Promise<T | O> {
  const over = new AbortController();
  const late = clock.sleep(ms, over.signal).then(() => otherwise);
  try {
    return await Promise.race([promise, late]);
  } finally {
    over.abort();
    late.catch(() => "it was in time");
    promise.catch(() => "it was late");
  }
}
