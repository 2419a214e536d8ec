/** What ends the demo early: a signal, or nobody reading any more. */
import type { Show } from "./demo-event.ts";

/** Exit codes as a shell reports such an end: 128 and the number of the signal. */
const SIGNALS = {
  SIGINT: { code: 130, word: "Ctrl-C" },
  SIGTERM: { code: 143, word: "SIGTERM" },
  /** The terminal was closed. */
  SIGHUP: { code: 129, word: "SIGHUP" },
} as const;
/** What SIGPIPE would be; Node ignores it and reports EPIPE instead. */
const OUTPUT_CLOSED = 141;

export interface Interruption {
  /** Aborted when the demo is to stop. */
  readonly signal: AbortSignal;
  /** That of what came first, once something came. */
  exitCode(): number;
}

/**
 * The first signal stops the run and cleans up; the second warns; the third leaves at once. A closed output (`| head`)
 * is as good as the first one: what runs is cleaned up, though nobody is told.
 */
export function listenForInterruption(show: Show, outputClosed: AbortSignal): Interruption {
  const stop = new AbortController();
  let exitCode = 1;
  let count = 0;
  const interrupt = (code: number, word: string): void => {
    if (stop.signal.aborted) return;
    exitCode = code;
    show.tell({ event: "progress", text: `${word}: stopping Claude and cleaning up` });
    stop.abort(new Error(`Cancelled with ${word}`));
  };
  outputClosed.addEventListener("abort", () => interrupt(OUTPUT_CLOSED, "a closed output"));
  for (const [name, { code, word }] of Object.entries(SIGNALS))
    process.on(name, () => {
      count += 1;
      interrupt(code, word);
      if (count === 2)
        show.tell({
          event: "note",
          text: `Still cleaning up. ${word} once more leaves at once, and leaves the run behind.`,
        });
      else if (count > 2) process.exit(code);
    });
  return { signal: stop.signal, exitCode: () => exitCode };
}
