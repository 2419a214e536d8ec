const NEWLINE = Buffer.from("\n");

/** A line that comes in pieces, put together within a bound. */
export class LongLine {
  readonly #maxBytes: number;
  #pieces: Buffer[] = [];
  #bytes = 0;
  #discarded = false;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Bytes of the line so far, kept or not. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Adds a piece, copied: what it lies in may be far larger. Past the bound the line is discarded. */
  add(piece: Buffer): void {
    this.#bytes += piece.length;
    if (this.#discarded) return;
    if (this.#bytes > this.#maxBytes) this.discard();
    else this.#pieces.push(Buffer.from(piece));
  }

  /** From now on the pieces of the current line are counted and not kept. */
  discard(): void {
    this.#discarded = true;
    this.#pieces = [];
  }

  /** The whole line with a newline, and forgets it; null when it was discarded. */
  take(): Buffer | null {
    const line = this.#discarded ? null : Buffer.concat([...this.#pieces, NEWLINE]);
    this.forget();
    return line;
  }

  forget(): void {
    this.#pieces = [];
    this.#bytes = 0;
    this.#discarded = false;
  }
}
