import { type FileHandle, open } from "node:fs/promises";
import type { ContainerLog } from "./container-log.ts";
import { CriDecoder } from "./decoder.ts";

export interface ReadOptions {
  readonly follow: boolean;
  readonly timestamps: boolean;
  /** Whole seconds since 1970. */
  readonly since?: number;
  /** Counts entries, not lines (measured). */
  readonly tailLines?: number;
  readonly limitBytes?: number;
  /** Milliseconds between the container's exit and the end of a follow. */
  readonly followEnd: number;
}

const BLOCK = 256 * 1024;
const NEWLINE = 10;

/**
 * Reads the newest file as `pods/log` answers it. The reader's pace is the consumer's: nothing is kept but one block.
 * A follower moves on to the new file after a rotation, unless the container has ended meanwhile: then it ends with the
 * file that it holds, as the kubelet does, though lines may stand in the next (measured: 17,876 of a million lost).
 */
export async function* readLog(log: ContainerLog, options: ReadOptions, signal: AbortSignal): AsyncGenerator<Buffer> {
  const decoder = new CriDecoder(options);
  let left = options.limitBytes ?? Number.POSITIVE_INFINITY;
  let rotations = log.rotations;
  let file = await open(log.path, "r");
  try {
    let offset = options.tailLines === undefined ? 0 : await tailOffset(file, options.tailLines);
    let last = false;
    while (!signal.aborted) {
      const { output, used } = decoder.decode(await readBlock(file, offset));
      offset += used;
      if (output.length > 0) yield output.subarray(0, Math.min(output.length, left));
      left -= output.length;
      if (left <= 0) return;
      if (used > 0) continue;
      if (!options.follow || last) return;
      if (log.endedAt !== undefined) {
        await pause(log.endedAt + options.followEnd - performance.now(), signal);
        last = true;
      } else if (log.rotations !== rotations) {
        await file.close();
        rotations = log.rotations;
        file = await open(log.path, "r");
        offset = 0;
      } else {
        await unlessGrown(log, offset, signal);
      }
    }
  } finally {
    await file.close();
  }
}

/** What the log ends with, without stamps. */
export async function lastLines(log: ContainerLog, tailLines: number): Promise<Buffer> {
  const never = new AbortController().signal;
  const parts: Buffer[] = [];
  const query = { follow: false, timestamps: false, tailLines, followEnd: 0 };
  for await (const part of readLog(log, query, never)) parts.push(part);
  return Buffer.concat(parts);
}

async function readBlock(file: FileHandle, offset: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(BLOCK), 0, BLOCK, offset);
  return buffer.subarray(0, bytesRead);
}

/** The file may have grown since it was read to its end: only then is there no need to wait. */
async function unlessGrown(log: ContainerLog, offset: number, signal: AbortSignal): Promise<void> {
  if (log.size <= offset) await log.changed(signal);
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (milliseconds <= 0 || signal.aborted) return resolve();
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    signal.addEventListener("abort", done, { once: true });
  });
}

/** Where the last so many entries begin. */
async function tailOffset(file: FileHandle, entries: number): Promise<number> {
  const { size } = await file.stat();
  if (entries === 0) return size;
  const block = Buffer.alloc(BLOCK);
  let found = -1;
  for (let end = size; end > 0; ) {
    const begin = Math.max(0, end - BLOCK);
    await file.read(block, 0, end - begin, begin);
    for (let at = end - begin - 1; at >= 0; at = at === 0 ? -1 : block.lastIndexOf(NEWLINE, at - 1)) {
      if (block[at] !== NEWLINE) continue;
      found += 1;
      if (found === entries) return begin + at + 1;
    }
    end = begin;
  }
  return 0;
}
