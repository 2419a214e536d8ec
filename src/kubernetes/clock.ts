/** The current time and how to wait: passed in, so that tests control both. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Resolves after `ms` milliseconds; rejects with the signal's reason as soon as it aborts. */
  sleep(ms: number, signal?: AbortSignal, options?: SleepOptions): Promise<void>;
}

export interface SleepOptions {
  /** False: the process may end meanwhile. @default true */
  readonly keepsAlive?: boolean;
}

/** The longest timer of Node.js, milliseconds (24.8 days): a longer one fires at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * The machine's clock. Its timers keep the process alive unless told otherwise, because somebody awaits them; to stop waiting, abort the
 * signal.
 */
export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: async (ms, signal, { keepsAlive = true } = {}) => {
    let left = ms;
    for (; left > LONGEST_TIMER_MS; left -= LONGEST_TIMER_MS) await sleepOnce(LONGEST_TIMER_MS, signal, keepsAlive);
    await sleepOnce(left, signal, keepsAlive);
  },
};

function sleepOnce(ms: number, signal: AbortSignal | undefined, keepsAlive: boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    const onAbort = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    }, ms);
    if (!keepsAlive) timer.unref();
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}

/** A number in [0, 1), such as Math.random. */
export type Random = () => number;
