const NEWLINE = 0x0a;

/** What `WholeLines` found that is not a whole line. */
export interface Overlong {
  /** The first bytes of the line, enough for a stamp and a frame's head. */
  readonly start: Buffer;
  readonly bytes: number;
}

const KEPT_OF_OVERLONG = 256;

/**
 * Cuts a stream of bytes into blocks of whole lines. A block is a view of the chunk wherever it can be: only the line
 * that straddles two chunks is copied.
 */
export class WholeLines {
  readonly #maxLineBytes: number;
  readonly #onOverlong: (line: Overlong) => void;
  #held: Buffer[] = [];
  #heldBytes = 0;
  #overlong = false;

  constructor(maxLineBytes: number, onOverlong: (line: Overlong) => void) {
    this.#maxLineBytes = maxLineBytes;
    this.#onOverlong = onOverlong;
  }

  /** Calls `block` with consecutive whole lines, each ended by a newline. All bytes are valid during the call only. */
  push(chunk: Buffer, block: (lines: Buffer) => void): void {
    let from = 0;
    if (this.#heldBytes > 0) {
      const newline = chunk.indexOf(NEWLINE);
      if (newline < 0) {
        this.#hold(chunk);
        return;
      }
      from = newline + 1;
      this.#finish(chunk.subarray(0, from), block);
    }
    const last = chunk.lastIndexOf(NEWLINE);
    if (last >= from) block(chunk.subarray(from, last + 1));
    const rest = Math.max(from, last + 1);
    if (rest < chunk.length) this.#hold(chunk.subarray(rest));
  }

  /** True while the line that is being read is longer than the bound. */
  get isOverlong(): boolean {
    return this.#overlong;
  }

  /** The bytes after the last newline; forgets them. Null when there are none, or when they passed the bound. */
  takeUnfinished(): Buffer | null {
    const unfinished = this.#heldBytes > 0 && !this.#overlong ? Buffer.concat(this.#held) : null;
    this.#forget();
    return unfinished;
  }

  #hold(part: Buffer): void {
    this.#heldBytes += part.length;
    if (this.#overlong) return;
    this.#held.push(Buffer.from(part));
    if (this.#heldBytes > this.#maxLineBytes) {
      this.#overlong = true;
      this.#held = [Buffer.from(Buffer.concat(this.#held).subarray(0, KEPT_OF_OVERLONG))];
    }
  }

  #finish(end: Buffer, block: (lines: Buffer) => void): void {
    const bytes = this.#heldBytes + end.length - 1;
    const [first] = this.#held;
    if (this.#overlong && first) this.#onOverlong({ start: first, bytes });
    else block(Buffer.concat([...this.#held, end], bytes + 1));
    this.#forget();
  }

  #forget(): void {
    this.#held = [];
    this.#heldBytes = 0;
    this.#overlong = false;
  }
}
