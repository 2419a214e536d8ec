/** Milliseconds that a write under way when the run is cancelled gets to be answered: else nobody knows what it did. */
const LAST_ANSWER_MS = 5_000;

/** Outlives the signal by the time that a call under way needs to be answered. */
export function delayAbort(signal: AbortSignal): AbortSignal {
  const late = new AbortController();
  const abort = () => setTimeout(() => late.abort(signal.reason), LAST_ANSWER_MS).unref();
  if (signal.aborted) abort();
  else signal.addEventListener("abort", abort, { once: true });
  return late.signal;
}
