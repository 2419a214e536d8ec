import { type FileHandle, open } from "node:fs/promises";
import { FrameHead } from "./frame-head.ts";
import type { GapSource, SourceAnswer } from "./gap-source.ts";
import type { NearestAhead } from "./nearest.ts";
import type { Transcript } from "./transcript.ts";
import { WholeLines } from "./whole-lines.ts";

const READ_BYTES = 256 * 1024;
/** A frame is never longer than an entry of the container runtime's log. */
const MAX_FRAME_BYTES = 64 * 1024;

/**
 * The runner's own copy of the frames, on a volume that the adapter sees too. Gaps come in ascending order, so the file
 * is read onwards from the last place; only a gap that lies before it makes it start over.
 */
export class TranscriptFile implements GapSource {
  readonly name = "transcript file";
  readonly #path: string;
  /** Places to go on from, newest last. */
  #marks: Mark[] = [];

  constructor(path: string) {
    this.#path = path;
  }

  async offer(
    transcript: Transcript,
    nearest: NearestAhead,
    enough: () => boolean,
    signal: AbortSignal,
  ): Promise<SourceAnswer> {
    let file: FileHandle;
    try {
      file = await open(this.#path, "r");
    } catch (error) {
      return isMissing(error) ? "absent" : "failed";
    }
    try {
      await this.#read(file, { transcript, nearest, enough, signal });
      return "read";
    } catch {
      return "failed";
    } finally {
      await file.close();
    }
  }

  async #read(file: FileHandle, wanted: Wanted): Promise<void> {
    const { transcript, nearest, enough, signal } = wanted;
    const lines = new WholeLines(MAX_FRAME_BYTES, () => undefined);
    const start = this.#start(transcript);
    const seen = { stdout: start.stdout, stderr: start.stderr };
    let offset = start.offset;
    let read = offset;
    while (!enough() && !signal.aborted) {
      const chunk = Buffer.allocUnsafeSlow(READ_BYTES);
      const { bytesRead } = await file.read(chunk, 0, READ_BYTES, read);
      if (bytesRead === 0) return;
      read += bytesRead;
      lines.push(chunk.subarray(0, bytesRead), (block) => {
        if (transcript.take(block, 0, "bare") < block.length) nearest.note(transcript.stoppedAt);
        offset += block.length;
        raiseToNewest(seen, block);
      });
      this.#marks.push({ offset, ...seen });
      if (this.#marks.length > MAX_MARKS) this.#marks.shift();
    }
  }

  /** The furthest place before which nothing is awaited. */
  #start(transcript: Transcript): Mark {
    const { stdout, stderr } = transcript;
    const mark = this.#marks.findLast((place) => place.stdout < stdout.line && place.stderr < stderr.line);
    return mark ?? { offset: 0, stdout: 0, stderr: 0 };
  }
}

interface Wanted {
  readonly transcript: Transcript;
  readonly nearest: NearestAhead;
  readonly enough: () => boolean;
  readonly signal: AbortSignal;
}

/** Where a line begins in the file, and the newest line of each channel that lies before it. */
interface Mark {
  readonly offset: number;
  readonly stdout: number;
  readonly stderr: number;
}

const MAX_MARKS = 16;

function raiseToNewest(newest: { stdout: number; stderr: number }, block: Buffer): void {
  const head = new FrameHead();
  for (let start = 0; start < block.length; ) {
    const end = block.indexOf(NEWLINE, start);
    if (head.read(block, start, end)) newest[head.stderr ? "stderr" : "stdout"] = head.line;
    start = end + 1;
  }
}

const NEWLINE = 0x0a;

function isMissing(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? error.code : null;
  return code === "ENOENT" || code === "ENOTDIR";
}
