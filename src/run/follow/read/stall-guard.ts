import type { Clock } from "../../../kubernetes/clock.ts";

/** Aborts its signal after `stallMs` without a byte: an answer that is not followed has no reason to be silent. */
export class StallGuard {
  readonly #clock: Clock;
  readonly #stallMs: number;
  readonly #stalled = new AbortController();
  readonly #stopped = new AbortController();
  #lastActivityAt: number;

  constructor(clock: Clock, stallMs: number) {
    this.#clock = clock;
    this.#stallMs = stallMs;
    this.#lastActivityAt = clock.now();
    this.#watch().catch(() => undefined);
  }

  get signal(): AbortSignal {
    return this.#stalled.signal;
  }

  reset(): undefined {
    this.#lastActivityAt = this.#clock.now();
  }

  stop(): void {
    this.#stopped.abort();
  }

  /** Rejects when stopped. */
  async #watch(): Promise<void> {
    for (let left = this.#stallMs; left > 0; left = this.#lastActivityAt + this.#stallMs - this.#clock.now()) {
      await this.#clock.sleep(left, this.#stopped.signal);
    }
    this.#stalled.abort();
  }
}
