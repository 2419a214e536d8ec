/**
 * Listens for the signals that mean stop, from the moment this module is loaded: main.ts imports it before all else,
 * because Node without a handler would die of them, and leave no seal. What comes before anyone wants to know is kept.
 */
export type StopSignal = (typeof STOP_SIGNALS)[number];

const STOP_SIGNALS = ["SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT"] as const;

let first: StopSignal | null = null;
let listener: ((signal: StopSignal) => void) | null = null;

// They stay to the end: a signal during the last drain must not cut it short.
for (const signal of STOP_SIGNALS) {
  process.on(signal, () => {
    if (first) return;
    first = signal;
    listener?.(signal);
  });
}

/**
 * The first stop signal so far. Only between two immediates does the event loop certainly poll, and see the signals that
 * came while other code ran (Node 20 runs a main module after the poll of its turn, measured).
 */
export async function firstStopSignal(): Promise<StopSignal | null> {
  await new Promise(setImmediate);
  await new Promise(setImmediate);
  return first;
}

/** Calls once: for the first stop signal, at once if it came before. */
export function onStopSignal(onSignal: (signal: StopSignal) => void): void {
  listener = onSignal;
  if (first) onSignal(first);
}
