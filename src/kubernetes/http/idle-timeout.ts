import type { Clock } from "../clock.ts";

/** Ends a connection that says nothing for too long, by aborting `over`; until that is aborted, it watches. */
export class Silence {
  silent = false;
  readonly #clock: Clock;
  readonly #limitMs: number;
  readonly #over: AbortController;
  #heardAt = 0;

  constructor(clock: Clock, limitMs: number, over: AbortController) {
    this.#clock = clock;
    this.#limitMs = limitMs;
    this.#over = over;
  }

  start(): void {
    this.#heardAt = this.#clock.now();
    void this.#guard().catch(() => undefined);
  }

  heard(): void {
    this.#heardAt = this.#clock.now();
  }

  async *listen(body: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, void> {
    for await (const chunk of body) {
      this.heard();
      yield chunk;
    }
  }

  async #guard(): Promise<void> {
    for (;;) {
      const left = this.#heardAt + this.#limitMs - this.#clock.now();
      if (left <= 0) break;
      await this.#clock.sleep(left, this.#over.signal);
    }
    this.silent = true;
    this.#over.abort(new Error("the connection fell silent"));
  }
}
