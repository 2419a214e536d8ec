import { type FileHandle, mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** One entry: bytes with a small number that tells what they are. */
export interface SpoolEntry {
  readonly tag: number;
  readonly bytes: Buffer;
}

/** Entries that were written together, each behind its head. */
interface StoredBlock {
  readonly at: number;
  readonly length: number;
}

/** Tag (1 byte) and length (4 bytes). */
const HEAD_BYTES = 5;

/** Bytes that are written to the file together. */
const WRITE_BYTES = 1024 * 1024;

/**
 * First in, first out; what exceeds the bound in memory lies in a temporary file. `push` never waits. Entries pass
 * through three places in order: memory to be taken, the file, memory to be written.
 */
export class Spool {
  readonly #memoryBytes: number;
  readonly #onSpill: (error: Error | null) => void;
  #ready: SpoolEntry[] = [];
  #readyBytes = 0;
  #stored: StoredBlock[] = [];
  #unwritten: SpoolEntry[] = [];
  #unwrittenBytes = 0;
  #file: FileHandle | null = null;
  #folder: string | null = null;
  #writing: Promise<void> | null = null;
  #end = 0;
  #spilled = false;
  #broken = false;

  /** `onSpill` hears once that the file is used, and of the error when it cannot be. */
  constructor(memoryBytes: number, onSpill: (error: Error | null) => void) {
    this.#memoryBytes = memoryBytes;
    this.#onSpill = onSpill;
  }

  get empty(): boolean {
    return this.#ready.length === 0 && this.#stored.length === 0 && this.#unwritten.length === 0;
  }

  /** True when more lies in memory than should: the file cannot keep up, or cannot be written. */
  get overfull(): boolean {
    return this.#readyBytes + this.#unwrittenBytes > 4 * this.#memoryBytes;
  }

  push(tag: number, bytes: Buffer): void {
    const behindFile = this.#stored.length > 0 || this.#unwritten.length > 0;
    const fits = this.#ready.length === 0 || this.#readyBytes + bytes.length <= this.#memoryBytes;
    if (!behindFile && (this.#broken || fits)) {
      this.#ready.push({ tag, bytes });
      this.#readyBytes += bytes.length;
      return;
    }
    this.#unwritten.push({ tag, bytes });
    this.#unwrittenBytes += bytes.length;
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

  /** Removes the file. */
  async close(): Promise<void> {
    if (this.#writing) await this.#writing;
    this.#ready = [];
    this.#stored = [];
    this.#unwritten = [];
    await this.#file?.close();
    this.#file = null;
    if (this.#folder) await rm(this.#folder, { recursive: true, force: true });
    this.#folder = null;
  }

  #moveUnwritten(): void {
    this.#ready = this.#unwritten;
    this.#readyBytes = this.#unwrittenBytes;
    this.#unwritten = [];
    this.#unwrittenBytes = 0;
  }

  async #read(): Promise<boolean> {
    const stored = this.#stored[0];
    if (!stored || !this.#file) return false;
    const block = Buffer.allocUnsafeSlow(stored.length);
    try {
      await readWhole(this.#file, block, stored.at);
    } finally {
      // Even when it cannot be read: what lies behind it can.
      this.#stored.shift();
    }
    for (let at = 0; at < block.length; ) {
      const start = at + HEAD_BYTES;
      const bytes = block.subarray(start, start + block.readUInt32LE(at + 1));
      this.#ready.push({ tag: block.readUInt8(at), bytes });
      this.#readyBytes += bytes.length;
      at = start + bytes.length;
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
      this.#file ??= await this.#create();
      let written = 0;
      while (written < block.length) {
        const { bytesWritten } = await this.#file.write(block, written, block.length - written, this.#end + written);
        written += bytesWritten;
      }
    } catch (error) {
      this.#broken = true;
      this.#onSpill(error instanceof Error ? error : new Error(String(error)));
      return;
    }
    this.#stored.push({ at: this.#end, length: block.length });
    this.#end += block.length;
    this.#unwritten = this.#unwritten.slice(entries.length);
    this.#unwrittenBytes -= block.length - entries.length * HEAD_BYTES;
    if (!this.#spilled) this.#onSpill(null);
    this.#spilled = true;
  }

  async #create(): Promise<FileHandle> {
    this.#folder = await mkdtemp(join(tmpdir(), "claude-k8s-"));
    // Only this process reads it: a transcript may hold what the agent saw.
    return open(join(this.#folder, "spool"), "w+", 0o600);
  }
}

function headOf({ tag, bytes }: SpoolEntry): Buffer {
  const head = Buffer.allocUnsafe(HEAD_BYTES);
  head.writeUInt8(tag, 0);
  head.writeUInt32LE(bytes.length, 1);
  return head;
}

async function readWhole(file: FileHandle, block: Buffer, at: number): Promise<void> {
  for (let filled = 0; filled < block.length; ) {
    const { bytesRead } = await file.read(block, filled, block.length - filled, at + filled);
    if (bytesRead === 0) throw new Error("the spool file was cut short");
    filled += bytesRead;
  }
}
