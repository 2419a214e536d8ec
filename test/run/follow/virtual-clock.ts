import type { Clock } from "../../../src/kubernetes/clock.ts";

interface Timer {
  readonly at: number;
  readonly fire: () => void;
}

const MOST_REAL_MS = 4000;

/** Time that passes only while everybody waits: no test sleeps, and ten minutes of silence cost nothing. */
export class VirtualClock implements Clock {
  #now = Date.parse("2026-11-22T07:00:00Z");
  #timers: Timer[] = [];

  now(): number {
    return this.#now;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason);
        return;
      }
      const onAbort = () => {
        this.#timers = this.#timers.filter((other) => other !== timer);
        reject(signal?.reason);
      };
      const fire = () => {
        signal?.removeEventListener("abort", onAbort);
        resolve();
      };
      // In whole milliseconds, as real timers: a billionth of one, added to such a number, would be no time at all.
      const timer = { at: this.#now + Math.ceil(Math.max(0, ms)), fire };
      signal?.addEventListener("abort", onAbort, { once: true });
      const before = this.#timers.findLastIndex((other) => other.at <= timer.at);
      this.#timers.splice(before + 1, 0, timer);
    });
  }

  get pending(): number {
    return this.#timers.length;
  }

  /** Lets time pass until the work is done; rejects when nobody waits for anything although it is not. */
  async run<T>(work: Promise<T>): Promise<T> {
    let done = false;
    const settled = work.finally(() => {
      done = true;
    });
    settled.catch(() => undefined);
    const deadline = performance.now() + MOST_REAL_MS;
    for (let idle = 0; !done; ) {
      if (performance.now() > deadline) throw new Error(`no end after ${MOST_REAL_MS} ms of real time`);
      await new Promise<void>((resolve) => setImmediate(resolve));
      if (done) break;
      const timer = this.#timers.shift();
      if (timer) {
        idle = 0;
        this.#now = Math.max(this.#now, timer.at);
        timer.fire();
      } else if (++idle > 100_000) throw new Error("everybody waits and no timer is set");
    }
    return settled;
  }
}
