/** Milliseconds that a write under way gets for its answer when the run is cancelled: without one its effect is unknown. */
const LAST_ANSWER_MS = 5_000;

/** A signal that aborts some seconds after the given one, for calls whose answer is needed. */
export function delayAbort(signal: AbortSignal): AbortSignal {
  const late = new AbortController();
  const abort = () => setTimeout(() => late.abort(signal.reason), LAST_ANSWER_MS).unref();
  if (signal.aborted) abort();
  else signal.addEventListener("abort", abort, { once: true });
  return late.signal;
}
