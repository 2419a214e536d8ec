import { FrameHead } from "../assemble/frame-head.ts";
import type { Transcript } from "../assemble/transcript.ts";
import { WholeLines } from "../read/whole-lines.ts";
import type { GapEnd } from "./gap-end.ts";

/** A frame is never longer than an entry of the container runtime's log. */
const MAX_FRAME_BYTES = 64 * 1024;
const NEWLINE = 0x0a;

/** Where a frame begins in the runner's copy, and the newest line of each channel that lies before it. */
export interface CopyPlace {
  readonly offset: number;
  readonly stdout: number;
  readonly stderr: number;
}

/** Bytes between two places that are remembered, at least; and how many are. */
const SPACING = 256 * 1024;
const MAX_PLACES = 16;

/**
 * Reads the frames of the runner's copy into a transcript. Gaps come in ascending order, so a copy is read onwards from
 * the last place; only a gap that lies before it makes it start over.
 */
export class CopyPlaces {
  /** Newest last. */
  #places: CopyPlace[] = [];

  /** The furthest place before which nothing is awaited; null for the beginning. */
  before({ stdout, stderr }: Transcript): CopyPlace | null {
    return this.#places.findLast((place) => place.stdout < stdout.line && place.stderr < stderr.line) ?? null;
  }

  /** To be called with the copy's bytes from that place on, in order; notes what comes too early in `gapEnd`. */
  reading(from: CopyPlace, transcript: Transcript, gapEnd: GapEnd): (chunk: Buffer) => void {
    const lines = new WholeLines(MAX_FRAME_BYTES, () => undefined);
    const at = { ...from };
    let noted = at.offset;
    return (chunk) => {
      lines.push(chunk, (block) => {
        if (transcript.take(block, 0, "bare") < block.length) gapEnd.note(transcript.stoppedAt);
        at.offset += block.length;
        raiseToNewest(at, block);
      });
      if (at.offset - noted < SPACING) return;
      noted = at.offset;
      this.#places.push({ ...at });
      if (this.#places.length > MAX_PLACES) this.#places.shift();
    };
  }
}

function raiseToNewest(newest: { stdout: number; stderr: number }, block: Buffer): void {
  const head = new FrameHead();
  for (let start = 0; start < block.length; ) {
    const end = block.indexOf(NEWLINE, start);
    if (head.read(block, start, end)) newest[head.stderr ? "stderr" : "stdout"] = head.line;
    start = end + 1;
  }
}
