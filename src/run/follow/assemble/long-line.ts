const NEWLINE = Buffer.from("\n");

/** A line that comes in pieces, put together within a bound. */
export class LongLine {
  readonly #maxBytes: number;
  #pieces: Buffer[] = [];
  #bytes = 0;
  #unwanted = false;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Bytes of the line so far, kept or not. */
  get bytes(): number {
    return this.#bytes;
  }

  /** True while the pieces of the current line are counted but not kept. */
  get unwanted(): boolean {
    return this.#unwanted;
  }

  /** Adds a piece, copied: what it lies in may be far larger. Past the bound the line is let go. */
  add(piece: Buffer): void {
    this.#bytes += piece.length;
    if (this.#unwanted) return;
    if (this.#bytes > this.#maxBytes) this.discard();
    else this.#pieces.push(Buffer.from(piece));
  }

  /** The rest of the current line will not be wanted. */
  discard(): void {
    this.#unwanted = true;
    this.#pieces = [];
  }

  /** The whole line with a newline, and forgets it; null when it was let go. */
  take(): Buffer | null {
    const line = this.#unwanted ? null : Buffer.concat([...this.#pieces, NEWLINE]);
    this.forget();
    return line;
  }

  forget(): void {
    this.#pieces = [];
    this.#bytes = 0;
    this.#unwanted = false;
  }
}
