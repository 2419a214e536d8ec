import type { Clock } from "../../kubernetes/clock.ts";

/** What takes too long: it is not waited for any more. */
export const LATE = Symbol("late");

interface Piece {
  /** Milliseconds that it may take, and those that were seen to pass. */
  readonly limitMs: number;
  waitedMs: number;
  readonly tooLate: PromiseWithResolvers<typeof LATE>;
}

/** Each limit is waited for in so many parts: a piece that begins within one counts from the next. */
const PARTS = 2;

/**
 * Waits for one piece of work at a time, none longer than its limit and half as much again. One timer serves all that come while
 * it runs: a timer and a signal for each line took a quarter of a living run's CPU (docs/performance.md). No time of day is read, so that
 * a clock that is set makes nothing late.
 */
export class LateGuard {
  readonly #clock: Clock;
  readonly #closed = new AbortController();
  #current: Piece | null = null;
  /** The wait that counts, by its number and its limit; those before it end when they wake. */
  #round = 0;
  #roundMs: number | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** What the work comes to; LATE when it takes too long, or nobody waits any more. Rejects as the work does. */
  async inTime<T>(work: Promise<T>, limitMs: number): Promise<T | typeof LATE> {
    const piece: Piece = { limitMs, waitedMs: 0, tooLate: Promise.withResolvers() };
    this.#current = piece;
    if (this.#closed.signal.aborted) piece.tooLate.resolve(LATE);
    else if (this.#roundMs !== limitMs) void this.#watch(limitMs);
    try {
      return await Promise.race([work, piece.tooLate.promise]);
    } finally {
      if (this.#current === piece) this.#current = null;
    }
  }

  /** Nothing is waited for any more. */
  close(): void {
    this.#closed.abort();
    this.#current?.tooLate.resolve(LATE);
  }

  /** Until nothing is waited for. */
  async #watch(limitMs: number): Promise<void> {
    const round = ++this.#round;
    this.#roundMs = limitMs;
    const ms = limitMs / PARTS;
    while (this.#current !== null && round === this.#round) {
      const piece = this.#current;
      await this.#clock.sleep(ms, this.#closed.signal).catch(() => "closed");
      if (this.#closed.signal.aborted) return;
      if (piece !== this.#current) continue;
      piece.waitedMs += ms;
      if (piece.waitedMs >= piece.limitMs) piece.tooLate.resolve(LATE);
    }
    if (round === this.#round) this.#roundMs = null;
  }
}
