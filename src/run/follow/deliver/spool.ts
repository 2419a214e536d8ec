import { SpoolFiles, type StoredBlock } from "./spool-files.ts";

/** One entry: bytes with three numbers that tell what they are. */
export interface SpoolEntry {
  /** A small number: entries of one tag may be taken together. */
  readonly tag: number;
  readonly from: number;
  readonly to: number;
  readonly bytes: Buffer;
}

/** Tag (1 byte), length (4), `from` and `to` (6 each). */
const HEAD_BYTES = 17;

/** Bytes that are written to disk together. */
const WRITE_BYTES = 1024 * 1024;
const SEGMENT_BYTES = 16 * 1024 * 1024;
/** Bytes that wait on disk; beyond, whoever brings more is to wait: the node keeps a log, too. */
const DISK_BYTES = 512 * 1024 * 1024;

/**
 * First in, first out; what exceeds the bound in memory lies on disk. `push` never waits. Entries pass through three
 * places in order: memory to be taken, disk, memory to be written.
 */
export class Spool {
  readonly #memoryBytes: number;
  readonly #onSpill: (error: Error | null) => void;
  readonly #files: SpoolFiles;
  #ready: SpoolEntry[] = [];
  #readyBytes = 0;
  #stored: StoredBlock[] = [];
  #storedBytes = 0;
  readonly #diskBytes: number;
  #unwritten: SpoolEntry[] = [];
  #unwrittenBytes = 0;
  #writing: Promise<void> | null = null;
  #spilled = false;
  #broken = false;

  /** `onSpill` is called once when the disk is used, and with the error when it cannot be. */
  constructor(
    memoryBytes: number,
    onSpill: (error: Error | null) => void,
    { segmentBytes = SEGMENT_BYTES, diskBytes = DISK_BYTES } = {},
  ) {
    this.#memoryBytes = memoryBytes;
    this.#diskBytes = diskBytes;
    this.#onSpill = onSpill;
    this.#files = new SpoolFiles(segmentBytes);
  }

  get empty(): boolean {
    return this.#ready.length === 0 && this.#stored.length === 0 && this.#unwritten.length === 0;
  }

  /** True when more waits than should: in memory, for the disk cannot keep up or be written; or on disk. */
  get overfull(): boolean {
    return this.#readyBytes + this.#unwrittenBytes > 4 * this.#memoryBytes || this.#storedBytes > this.#diskBytes;
  }

  push(entry: SpoolEntry): void {
    const { length } = entry.bytes;
    const behindFile = this.#stored.length > 0 || this.#unwritten.length > 0;
    const fits = this.#ready.length === 0 || this.#readyBytes + length <= this.#memoryBytes;
    if (!behindFile && (this.#broken || fits)) {
      this.#ready.push(entry);
      this.#readyBytes += length;
      return;
    }
    this.#unwritten.push(entry);
    this.#unwrittenBytes += length;
    if (this.#unwrittenBytes >= WRITE_BYTES && !this.#writing && !this.#broken) this.#startWriting();
  }

  /** The oldest entries, at least one and up to about `maxBytes` of one tag; empty when there are none. */
  async take(maxBytes: number): Promise<SpoolEntry[]> {
    if (this.#ready.length === 0 && !(await this.#read()) && this.#unwritten.length > 0) {
      // Nothing lies before these any more, unless they are on their way to the file.
      if (this.#writing) await this.#writing;
      if (this.#stored.length > 0) await this.#read();
      else this.#moveUnwritten();
    }
    const first = this.#ready[0];
    if (!first) return [];
    let count = 0;
    let bytes = 0;
    for (const entry of this.#ready) {
      if (count > 0 && (entry.tag !== first.tag || bytes + entry.bytes.length > maxBytes)) break;
      bytes += entry.bytes.length;
      count++;
    }
    this.#readyBytes -= bytes;
    return this.#ready.splice(0, count);
  }

  /** Removes what is on disk. */
  async close(): Promise<void> {
    if (this.#writing) await this.#writing;
    this.#ready = [];
    this.#stored = [];
    this.#unwritten = [];
    await this.#files.close();
  }

  #moveUnwritten(): void {
    this.#ready = this.#unwritten;
    this.#readyBytes = this.#unwrittenBytes;
    this.#unwritten = [];
    this.#unwrittenBytes = 0;
  }

  async #read(): Promise<boolean> {
    const stored = this.#stored[0];
    if (!stored) return false;
    let block: Buffer;
    try {
      block = await this.#files.read(stored);
    } finally {
      // Even when it cannot be read: what lies behind it can.
      this.#stored.shift();
      this.#storedBytes -= stored.length;
    }
    for (const entry of unpack(block)) {
      this.#ready.push(entry);
      this.#readyBytes += entry.bytes.length;
    }
    return true;
  }

  #startWriting(): void {
    this.#writing = this.#write().finally(() => {
      this.#writing = null;
      if (this.#unwrittenBytes >= WRITE_BYTES && !this.#broken) this.#startWriting();
    });
  }

  async #write(): Promise<void> {
    const entries = this.#unwritten.slice();
    const block = Buffer.concat(entries.flatMap((entry) => [headOf(entry), entry.bytes]));
    try {
      const stored = await this.#files.append(block);
      this.#stored.push(stored);
      this.#storedBytes += stored.length;
    } catch (error) {
      this.#broken = true;
      this.#onSpill(error instanceof Error ? error : new Error(String(error)));
      return;
    }
    this.#unwritten = this.#unwritten.slice(entries.length);
    this.#unwrittenBytes -= block.length - entries.length * HEAD_BYTES;
    if (!this.#spilled) this.#onSpill(null);
    this.#spilled = true;
  }
}

function headOf({ tag, from, to, bytes }: SpoolEntry): Buffer {
  const head = Buffer.allocUnsafe(HEAD_BYTES);
  head.writeUInt8(tag, 0);
  head.writeUInt32LE(bytes.length, 1);
  head.writeUIntLE(from, 5, 6);
  head.writeUIntLE(to, 11, 6);
  return head;
}

function* unpack(block: Buffer): Generator<SpoolEntry> {
  for (let at = 0; at < block.length; ) {
    const start = at + HEAD_BYTES;
    const end = start + block.readUInt32LE(at + 1);
    const [from, to] = [block.readUIntLE(at + 5, 6), block.readUIntLE(at + 11, 6)];
    yield { tag: block.readUInt8(at), from, to, bytes: block.subarray(start, end) };
    at = end;
  }
}
