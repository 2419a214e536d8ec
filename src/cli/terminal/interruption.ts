/** Ctrl-C ends what a command waits for, and the command with the exit code that a shell gives such an end. */

/** 128 and the number of the signal. */
const SIGNALS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

export class Interrupted extends Error {
  readonly exitCode: number;

  constructor(name: string, exitCode: number) {
    super(`interrupted by ${name}`);
    this.exitCode = exitCode;
  }
}

/** Aborts with `Interrupted`. The second signal leaves at once. */
export function listenForInterruption(): AbortSignal {
  const stop = new AbortController();
  for (const [name, exitCode] of Object.entries(SIGNALS))
    process.on(name, () => {
      if (stop.signal.aborted) process.exit(exitCode);
      stop.abort(new Interrupted(name, exitCode));
    });
  return stop.signal;
}
