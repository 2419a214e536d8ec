import { BATCH_BYTES } from "../assemble/batch.ts";

const NEWLINE = 0x0a;

/** What `WholeLines` found that is not a whole line. */
export interface Overlong {
  /** The first bytes of the line, enough for a stamp and a frame's head. */
  readonly start: Buffer;
  readonly bytes: number;
}

const KEPT_OF_OVERLONG = 256;

/**
 * Where pieces are put together: each is used during one call only, so that one serves every run. As much as a batch of lines
 * holds, so that a full one makes one batch.
 */
const spare: Buffer[] = [];
const GATHERED_BYTES = BATCH_BYTES;

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

  /** Calls `block` with consecutive whole lines, each ended by a newline. The bytes stay valid as long as `chunk` does. */
  push(chunk: Buffer, block: (lines: Buffer) => void): void {
    this.#push(chunk, block, true);
  }

  /** The same for pieces that came at once, in as few blocks as can be; their bytes are valid during the call only. */
  pushAll(pieces: readonly Buffer[], block: (lines: Buffer) => void): void {
    const [first] = pieces;
    if (first && pieces.length === 1) {
      this.push(first, block);
      return;
    }
    const gathered = spare.pop() ?? Buffer.allocUnsafeSlow(GATHERED_BYTES);
    let length = 0;
    for (const piece of pieces) {
      if (length + piece.length > GATHERED_BYTES) {
        if (length > 0) this.#push(gathered.subarray(0, length), block, false);
        length = 0;
      }
      if (piece.length > GATHERED_BYTES) this.push(piece, block);
      else {
        gathered.set(piece, length);
        length += piece.length;
      }
    }
    if (length > 0) this.#push(gathered.subarray(0, length), block, false);
    if (spare.length === 0) spare.push(gathered);
  }

  /** @param isKept false: the chunk's bytes are overwritten afterwards */
  #push(chunk: Buffer, block: (lines: Buffer) => void, isKept: boolean): void {
    let from = 0;
    if (this.#heldBytes > 0) {
      const newline = chunk.indexOf(NEWLINE);
      if (newline < 0) {
        this.#hold(isKept ? chunk : Buffer.from(chunk));
        return;
      }
      from = newline + 1;
      this.#finish(chunk.subarray(0, from), block);
    }
    const last = chunk.lastIndexOf(NEWLINE);
    if (last >= from) block(chunk.subarray(from, last + 1));
    const rest = Math.max(from, last + 1);
    if (rest === chunk.length) return;
    const begun = chunk.subarray(rest);
    this.#hold(isKept ? begun : Buffer.from(begun));
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
    this.#held.push(part);
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
