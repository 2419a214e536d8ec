import { FrameHead, MAX_FRAME_BYTES } from "../../../runner/frame.ts";
import type { Transcript } from "../assemble/transcript.ts";
import { WholeLines } from "../read/whole-lines.ts";
import type { Intake } from "./intake.ts";

const NEWLINE = 0x0a;

/** Where a frame begins in the runner's copy, and the newest line of each channel that lies before it. */
export interface Checkpoint {
  readonly offset: number;
  readonly stdout: number;
  readonly stderr: number;
}

/** Bytes between two checkpoints, at least; and how many are kept. */
const SPACING = 256 * 1024;
const MAX_CHECKPOINTS = 16;

/**
 * Reads the frames of the runner's copy into a transcript. Gaps come in ascending order, so a copy is read onwards from
 * the last checkpoint; only a gap that lies before it makes it start over.
 */
export class CopyReader {
  /** Newest last. */
  readonly #checkpoints: Checkpoint[] = [];

  /** The furthest checkpoint before which nothing is awaited; null for the beginning. */
  before({ stdout, stderr }: Transcript): Checkpoint | null {
    return this.#checkpoints.findLast((each) => each.stdout < stdout.line && each.stderr < stderr.line) ?? null;
  }

  /**
   * To be called with the copy's bytes from that checkpoint on, in order. It answers false once they are longer than any
   * frame without a newline: no runner wrote that, and a file full of holes would be read for hours.
   */
  reading(from: Checkpoint, intake: Intake): (chunk: Buffer) => boolean {
    const lines = new WholeLines(MAX_FRAME_BYTES, () => undefined);
    const at = { ...from };
    let noted = at.offset;
    return (chunk) => {
      lines.push(chunk, (block) => {
        intake.take(block, "bare");
        at.offset += block.length;
        raiseToNewest(at, block);
      });
      if (at.offset - noted >= SPACING) {
        noted = at.offset;
        this.#checkpoints.push({ ...at });
        if (this.#checkpoints.length > MAX_CHECKPOINTS) this.#checkpoints.shift();
      }
      return !lines.isOverlong;
    };
  }
}

function raiseToNewest(newest: { stdout: number; stderr: number }, block: Buffer): void {
  const head = new FrameHead();
  for (let start = 0; start < block.length; ) {
    const end = block.indexOf(NEWLINE, start);
    if (head.readCut(block, start, end)) newest[head.channel] = head.line;
    start = end + 1;
  }
}
