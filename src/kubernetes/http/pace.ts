import type { Clock } from "../clock.ts";
import { boundRetryAfter } from "./backoff.ts";

/**
 * Lets so many calls begin at once, the others in the order of their coming; and none for as long as the server has asked to be
 * left alone. So a thousand runs that start together are a queue here, and not in the API server.
 */
export class Pace {
  readonly #most: number;
  readonly #clock: Clock;
  readonly #waiting: (() => void)[] = [];
  #running = 0;
  #notBefore = 0;

  constructor(most: number, clock: Clock) {
    this.#most = most;
    this.#clock = clock;
  }

  /** Runs it when it is its turn. Rejects as it does, or with the signal's reason when that aborts before its turn. */
  async run<R>(call: () => Promise<R>, signal: AbortSignal | undefined): Promise<R> {
    await this.#turn(signal);
    try {
      for (let left = this.#left(); left > 0; left = this.#left()) await this.#clock.sleep(left, signal);
      return await call();
    } finally {
      this.#running -= 1;
      this.#waiting.shift()?.();
    }
  }

  /** The server takes nothing more for so many milliseconds. */
  pause(ms: number): void {
    this.#notBefore = Math.max(this.#notBefore, this.#clock.now() + ms);
  }

  /** Milliseconds, never more than a server may ask for: the clock may have been set back since it did. */
  #left(): number {
    const now = this.#clock.now();
    this.#notBefore = now + boundRetryAfter(this.#notBefore - now);
    return this.#notBefore - now;
  }

  async #turn(signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    if (this.#running >= this.#most) await this.#wait(signal);
    else this.#running += 1;
  }

  /** Whoever lets it begin gives its own place. */
  #wait(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const begin = (): void => {
        signal?.removeEventListener("abort", leave);
        this.#running += 1;
        resolve();
      };
      const leave = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(begin), 1);
        reject(signal?.reason);
      };
      this.#waiting.push(begin);
      signal?.addEventListener("abort", leave, { once: true });
    });
  }
}
