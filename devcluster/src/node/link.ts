/** The node's connection to the API server: while it is down, what the node has to tell waits. */
export class Link {
  #isUp = true;
  readonly #untold = new Map<string, () => void>();
  readonly #waiting = new Set<() => void>();

  get isUp(): boolean {
    return this.#isUp;
  }

  cut(): void {
    this.#isUp = false;
  }

  restore(): void {
    this.#isUp = true;
    const untold = [...this.#untold.values()];
    this.#untold.clear();
    for (const tell of untold) tell();
    for (const wake of [...this.#waiting]) wake();
  }

  /** At once, or when the link is there again; then only the last of those with the same key. */
  tell(key: string, action: () => void): void {
    if (this.#isUp) action();
    else this.#untold.set(key, action);
  }

  /** What a reader behind the API server gets: nothing while the link is down. */
  async *through(chunks: AsyncIterable<Uint8Array>, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      await this.#up(signal);
      if (signal.aborted) return;
      yield chunk;
    }
    await this.#up(signal);
  }

  #up(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (this.#isUp || signal.aborted) return resolve();
      const done = (): void => {
        this.#waiting.delete(done);
        signal.removeEventListener("abort", done);
        resolve();
      };
      this.#waiting.add(done);
      signal.addEventListener("abort", done, { once: true });
    });
  }
}
