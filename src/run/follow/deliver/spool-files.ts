import { type FileHandle, mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

interface Segment {
  readonly file: FileHandle;
  /** Where the next block goes. */
  end: number;
  /** Blocks that were not read yet. */
  unread: number;
}

/** A block's place on disk. */
export interface StoredBlock {
  readonly segment: Segment;
  readonly at: number;
  readonly length: number;
}

/**
 * Blocks in temporary files, first in, first out. A file that was read to its end is closed: what is kept is what still
 * waits, and at most two files more. None has a name from the moment that it is open: its space is given back when it is
 * closed, also when this process is killed.
 */
export class SpoolFiles {
  readonly #segmentBytes: number;
  #segments = new Set<Segment>();
  #newest: Segment | null = null;

  /** `segmentBytes`: of a file, overrun by less than one block. */
  constructor(segmentBytes: number) {
    this.#segmentBytes = segmentBytes;
  }

  /** Rejects when the disk does. */
  async append(block: Buffer): Promise<StoredBlock> {
    if (this.#newest && this.#newest.end >= this.#segmentBytes) {
      const full = this.#newest;
      this.#newest = null;
      if (full.unread === 0) await this.#remove(full);
    }
    this.#newest ??= await this.#create();
    const segment = this.#newest;
    const at = segment.end;
    for (let written = 0; written < block.length; ) {
      const { bytesWritten } = await segment.file.write(block, written, block.length - written, at + written);
      written += bytesWritten;
    }
    segment.end += block.length;
    segment.unread++;
    return { segment, at, length: block.length };
  }

  /** Reads a block, once. Rejects when it cannot be read; what lies behind it can. */
  async read({ segment, at, length }: StoredBlock): Promise<Buffer> {
    const block = Buffer.allocUnsafeSlow(length);
    try {
      await readWhole(segment.file, block, at);
    } finally {
      segment.unread--;
      if (segment.unread === 0 && segment !== this.#newest) await this.#remove(segment);
    }
    return block;
  }

  /** Never rejects. */
  async close(): Promise<void> {
    for (const segment of this.#segments) await this.#remove(segment);
    this.#newest = null;
  }

  async #create(): Promise<Segment> {
    const folder = await mkdtemp(join(tmpdir(), "claude-k8s-"));
    try {
      // Only this process reads it: a transcript may hold what the agent saw.
      const segment = { file: await open(join(folder, "spool"), "wx+", 0o600), end: 0, unread: 0 };
      this.#segments.add(segment);
      return segment;
    } finally {
      await rm(folder, { recursive: true, force: true }).catch(() => undefined);
    }
  }

  async #remove(segment: Segment): Promise<void> {
    this.#segments.delete(segment);
    await segment.file.close().catch(() => undefined);
  }
}

async function readWhole(file: FileHandle, block: Buffer, at: number): Promise<void> {
  for (let filled = 0; filled < block.length; ) {
    const { bytesRead } = await file.read(block, filled, block.length - filled, at + filled);
    if (bytesRead === 0) throw new Error("the spool file was cut short");
    filled += bytesRead;
  }
}
