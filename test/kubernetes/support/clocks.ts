import type { Clock } from "../../../src/kubernetes/clock.ts";

/** Time that jumps over every sleep at once, and remembers how long each was. */
export class LeapingClock implements Clock {
  readonly slept: number[] = [];
  #now = Date.UTC(2026, 10, 22);

  now(): number {
    return this.#now;
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    this.slept.push(ms);
    this.#now += ms;
  }
}

/** Time that stands still until a test moves it. */
export class ManualClock implements Clock {
  readonly #sleepers = new Set<{ at: number; wake: () => void }>();
  #now = Date.UTC(2026, 10, 22);

  now(): number {
    return this.#now;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason);
        return;
      }
      const sleeper = {
        at: this.#now + ms,
        wake: () => {
          signal?.removeEventListener("abort", onAbort);
          resolve();
        },
      };
      const onAbort = () => {
        this.#sleepers.delete(sleeper);
        reject(signal?.reason);
      };
      this.#sleepers.add(sleeper);
      signal?.addEventListener("abort", onAbort, { once: true });
    });
  }

  /** How long those who sleep now have still to wait. */
  get sleeping(): number[] {
    return [...this.#sleepers].map((sleeper) => sleeper.at - this.#now);
  }

  advance(ms: number): void {
    this.#now += ms;
    for (const sleeper of this.#sleepers) {
      if (sleeper.at > this.#now) continue;
      this.#sleepers.delete(sleeper);
      sleeper.wake();
    }
  }
}
