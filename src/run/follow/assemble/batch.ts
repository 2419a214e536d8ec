import type { Channel } from "../../../runner/frame.ts";
import type { LineBlock } from "./line-sink.ts";

const NEWLINE = 0x0a;
const OPENING_BRACE = 0x7b;

/** Bytes of one batch, at most, unless a single line is longer. Fewer characters than the host cuts at (65,536). */
export const BATCH_BYTES = 60 * 1024;

/** Buffers that no batch uses now: of a thousand runs few have lines in the same moment. */
const spare: Buffer[] = [];
const MAX_SPARE = 16;

/** Gathers the lines of one channel that follow each other, so that everything behind works on blocks, not on lines. */
export class LineBatch {
  readonly #flush: (block: LineBlock) => void;
  /** Null while it is empty. */
  #buffer: Buffer | null = null;
  #length = 0;
  #channel: Channel = "stdout";
  #from = 0;
  #to = 0;
  #objects = true;

  constructor(flush: (block: LineBlock) => void) {
    this.#flush = flush;
  }

  /**
   * Adds one line (without its newline), copied. `number` is 0 when it has none.
   *
   * @returns the copy of a line that is too long for a batch, which was handed on at once; else null
   */
  add(channel: Channel, number: number, bytes: Buffer, start: number, end: number): Buffer | null {
    const length = end - start;
    if (channel !== this.#channel || this.#length + length + 1 > BATCH_BYTES) this.flush();
    this.#channel = channel;
    const isObject = bytes[start] === OPENING_BRACE;
    if (length + 1 > BATCH_BYTES) {
      const own = Buffer.allocUnsafe(length + 1);
      bytes.copy(own, 0, start, end);
      own[length] = NEWLINE;
      this.#flush({ channel, bytes: own, from: number, to: number, objects: isObject });
      return own.subarray(0, length);
    }
    if (!isObject) this.#objects = false;
    this.#buffer ??= spare.pop() ?? Buffer.allocUnsafeSlow(BATCH_BYTES);
    bytes.copy(this.#buffer, this.#length, start, end);
    this.#length += length;
    this.#buffer[this.#length++] = NEWLINE;
    if (number === 0) return null;
    if (this.#from === 0) this.#from = number;
    this.#to = number;
    return null;
  }

  /** Hands on what was gathered; the bytes are overwritten by what comes next. */
  flush(): void {
    const buffer = this.#buffer;
    if (buffer === null) return;
    const block = {
      channel: this.#channel,
      bytes: buffer.subarray(0, this.#length),
      from: this.#from,
      to: this.#to,
      objects: this.#objects,
    };
    this.#buffer = null;
    this.#objects = true;
    this.#length = 0;
    this.#from = 0;
    this.#to = 0;
    this.#flush(block);
    if (spare.length < MAX_SPARE) spare.push(buffer);
  }
}
