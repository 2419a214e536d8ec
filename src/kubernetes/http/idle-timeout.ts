import type { Clock } from "../clock.ts";

/** Ends a connection on which nothing arrives for too long, by aborting its controller; watches until that is aborted. */
export class IdleTimeout {
  expired = false;
  readonly #clock: Clock;
  readonly #limitMs: number;
  readonly #connection: AbortController;
  #lastAt = 0;

  /** @param limitMs milliseconds without a byte after which the connection counts as dead */
  constructor(clock: Clock, limitMs: number, connection: AbortController) {
    this.#clock = clock;
    this.#limitMs = limitMs;
    this.#connection = connection;
  }

  start(): void {
    this.#lastAt = this.#clock.now();
    void this.#guard().catch(() => undefined);
  }

  /** Something has arrived. */
  reset(): void {
    this.#lastAt = this.#clock.now();
  }

  /** The same chunks, each of which is a sign of life. */
  async *watch(body: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, void> {
    for await (const chunk of body) {
      this.reset();
      yield chunk;
    }
  }

  async #guard(): Promise<void> {
    for (;;) {
      const left = this.#lastAt + this.#limitMs - this.#clock.now();
      if (left <= 0) break;
      await this.#clock.sleep(left, this.#connection.signal);
    }
    this.expired = true;
    this.#connection.abort(new Error("the connection was idle for too long"));
  }
}
