import type { Stamper } from "./stamp.ts";

/**
 * The log format of a container runtime: `<stamp> stdout F <line>`, and `P` for a part of a line that goes on. A part
 * holds 16,384 bytes: measured with containerd, 16,384 bytes are one F, 16,385 are P and F.
 */
export const PART_BYTES = 16_384;

export type StreamName = "stdout" | "stderr";

const NEWLINE = 10;
/** More than the longest ` stdout F ` with its stamp and newline. */
const ENTRY_OVERHEAD = 48;

/** Turns one stream's bytes into entries. Keeps at most one part in hand. */
export class CriEncoder {
  readonly #stream: StreamName;
  readonly #stamp: Stamper;
  #held: Buffer = Buffer.alloc(0);

  constructor(stream: StreamName, stamp: Stamper) {
    this.#stream = stream;
    this.#stamp = stamp;
  }

  /** The entries that these bytes complete; what is neither a line nor a full part waits. */
  encode(chunk: Buffer): Buffer {
    const bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    const out = new EntryBuffer(bytes);
    let start = 0;
    for (let end = bytes.indexOf(NEWLINE); end !== -1; end = bytes.indexOf(NEWLINE, start)) {
      start = this.#parts(out, start, end);
      out.entry(this.#stamp(), this.#stream, "F", start, end);
      start = end + 1;
    }
    start = this.#parts(out, start, bytes.length);
    // A copy: the chunk belongs to the stream's pool.
    this.#held = Buffer.from(bytes.subarray(start));
    return out.take();
  }

  /** The rest of a line that never ended: it stays a part for ever (measured). */
  flush(): Buffer {
    const out = new EntryBuffer(this.#held);
    if (this.#held.length > 0) out.entry(this.#stamp(), this.#stream, "P", 0, this.#held.length);
    this.#held = Buffer.alloc(0);
    return out.take();
  }

  #parts(out: EntryBuffer, from: number, to: number): number {
    let start = from;
    for (; to - start > PART_BYTES; start += PART_BYTES) {
      out.entry(this.#stamp(), this.#stream, "P", start, start + PART_BYTES);
    }
    return start;
  }
}

class EntryBuffer {
  readonly #source: Buffer;
  #bytes: Buffer;
  #length = 0;

  constructor(source: Buffer) {
    this.#source = source;
    let lines = 2;
    for (let at = source.indexOf(NEWLINE); at !== -1; at = source.indexOf(NEWLINE, at + 1)) lines += 1;
    const entries = lines + Math.ceil(source.length / PART_BYTES);
    this.#bytes = Buffer.allocUnsafe(source.length + entries * ENTRY_OVERHEAD);
  }

  entry(stamp: string, stream: StreamName, tag: "F" | "P", from: number, to: number): void {
    this.#length += this.#bytes.write(`${stamp} ${stream} ${tag} `, this.#length, "latin1");
    this.#length += this.#source.copy(this.#bytes, this.#length, from, to);
    this.#bytes[this.#length++] = NEWLINE;
  }

  take(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }
}
