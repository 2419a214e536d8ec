const NEWLINE = 0x0a;

/**
 * Hands over each whole line of at most `limit` bytes, without its newline; a longer one is skipped. The Buffer is only
 * valid during the call. Holds at most `limit` bytes, however the line arrives: byte by byte or at once.
 */
export class AgentLines {
  readonly #limit: number;
  readonly #onLine: (line: Buffer) => void;
  #held = Buffer.alloc(0);
  #heldBytes = 0;
  #tooLong = false;

  constructor(limit: number, onLine: (line: Buffer) => void) {
    this.#limit = limit;
    this.#onLine = onLine;
  }

  push(chunk: Buffer): void {
    let at = 0;
    for (;;) {
      const newline = chunk.indexOf(NEWLINE, at);
      if (newline < 0) break;
      this.#endLine(chunk.subarray(at, newline));
      at = newline + 1;
    }
    if (at < chunk.length) this.#hold(chunk.subarray(at));
  }

  /** Ends an unfinished line. */
  end(): void {
    if (this.#heldBytes > 0) this.#endLine(Buffer.alloc(0));
  }

  #endLine(rest: Buffer): void {
    if (this.#heldBytes === 0 && !this.#tooLong) {
      if (rest.length <= this.#limit) this.#onLine(rest);
      return;
    }
    this.#hold(rest);
    if (!this.#tooLong) this.#onLine(this.#held.subarray(0, this.#heldBytes));
    this.#tooLong = false;
    this.#forget();
  }

  #hold(part: Buffer): void {
    if (this.#tooLong) return;
    const needed = this.#heldBytes + part.length;
    if (needed > this.#limit) {
      this.#tooLong = true;
      this.#forget();
      return;
    }
    if (needed > this.#held.length) {
      const grown = Buffer.allocUnsafeSlow(Math.min(this.#limit, Math.max(needed, 2 * this.#held.length)));
      this.#held.copy(grown, 0, 0, this.#heldBytes);
      this.#held = grown;
    }
    this.#heldBytes += part.copy(this.#held, this.#heldBytes);
  }

  #forget(): void {
    this.#heldBytes = 0;
    // A rare long line must not cost its memory for the rest of the run.
    if (this.#held.length > 64 * 1024) this.#held = Buffer.alloc(0);
  }
}
