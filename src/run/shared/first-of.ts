/** One for all: an error of its own for each wait that is over costs more than the wait (measured). */
const OVER = new Error("another wait was over first");

/**
 * Settles as the first of these waits does, and tells the others by their signal that nobody listens any more. Rejects with
 * the caller's reason when its signal aborts.
 *
 * Without `AbortSignal.any()`: Node keeps a composite signal that somebody listens to until one of its sources aborts.
 */
export async function firstOf<T>(
  signal: AbortSignal | undefined,
  waits: readonly ((stop: AbortSignal) => Promise<T>)[],
): Promise<T> {
  signal?.throwIfAborted();
  const over = new AbortController();
  const stop = (): void => over.abort(signal?.reason);
  signal?.addEventListener("abort", stop, { once: true });
  const waiting = waits.map((wait) => wait(over.signal));
  try {
    return await Promise.race(waiting);
  } finally {
    signal?.removeEventListener("abort", stop);
    over.abort(OVER);
  }
}
