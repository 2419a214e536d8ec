import { closeSync, openSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import { FrameWriter, writeSome } from "./frame-writer.ts";
import { FIRST_OFFSET } from "./spec.ts";

const NEWLINE = 0x0a;

export interface FolderLimits {
  /** @default 8 MiB */
  readonly fileBytes?: number;
  /** @default 8 */
  readonly files?: number;
}

/**
 * Keeps the newest frames in files of one folder, which together stay below a bound: `files` times `fileBytes`, each
 * overrun by less than one buffer. A file is named after the offset of its first byte, where a frame begins. Throws a
 * system error when the folder cannot be written to.
 */
export function openTranscriptFolder(folder: string, limits: FolderLimits = {}): FrameWriter {
  const { fileBytes = 8 * 1024 * 1024, files = 8 } = limits;
  const kept: string[] = [];
  let offset = FIRST_OFFSET;
  let full = 0;
  let fd = -1;
  let betweenFrames = true;
  const turn = (): void => {
    if (fd >= 0) closeSync(fd);
    const file = join(folder, String(offset));
    fd = openSync(file, "w", 0o640);
    full = offset + fileBytes;
    kept.push(file);
    const oldest = kept.length > files ? kept.shift() : undefined;
    if (oldest !== undefined) unlinkSync(oldest);
  };
  turn();
  return new FrameWriter(-1, async (_, [bytes]) => {
    if (bytes === undefined) return 0;
    if (offset >= full && betweenFrames) turn();
    const bytesWritten = await writeSome(fd, [bytes]);
    offset += bytesWritten;
    betweenFrames = bytes[bytesWritten - 1] === NEWLINE;
    return bytesWritten;
  });
}
