import type { Channel } from "../../../runner/frame.ts";
import { Fingerprints } from "./fingerprints.ts";
import type { FrameHead } from "./frame-head.ts";
import { LongLine } from "./long-line.ts";

/** A frame's place in its channel. */
export interface Place {
  readonly channel: Channel;
  readonly line: number;
  readonly piece: number;
}

export function isBefore(a: Pick<Place, "line" | "piece">, b: Pick<Place, "line" | "piece">): boolean {
  return a.line < b.line || (a.line === b.line && a.piece < b.piece);
}

/** `next` the one that was awaited; `seen` one that came before; `ahead` others are missing before it. */
export type Order = "next" | "seen" | "ahead";

/** Where one channel stands: which frame comes next, and the pieces of a line that is not whole yet. */
export class FrameCursor {
  line = 1;
  piece = 0;
  readonly long: LongLine;
  /** True once lines were given up: nothing can be proven about the channel's bytes then. */
  broken = false;
  /** The last line that was given up, in whole or in part. */
  givenUp = 0;
  readonly #prints = new Fingerprints();

  constructor(maxLineBytes: number) {
    this.long = new LongLine(maxLineBytes);
  }

  order(head: FrameHead): Order {
    if (head.line === this.line) {
      if (head.piece === this.piece) return "next";
      return head.piece < this.piece ? "seen" : "ahead";
    }
    return head.line < this.line ? "seen" : "ahead";
  }

  note(head: FrameHead, bytes: Buffer, end: number): void {
    this.#prints.note(head.line, head.piece, bytes, head.body, end);
  }

  /** True when a frame that was seen looked different then. */
  conflicts(head: FrameHead, bytes: Buffer, end: number): boolean {
    return this.#prints.differs(head.line, head.piece, bytes, head.body, end);
  }

  /** Goes on at a later place; answers which lines that gives up, both ends included. */
  skipTo(line: number, piece: number): { readonly from: number; readonly to: number } {
    const from = Math.max(this.line, this.givenUp + 1);
    this.broken = true;
    this.line = line;
    this.piece = piece;
    this.long.forget();
    this.givenUp = piece === 0 ? line - 1 : line;
    // A line that has lost its beginning: what is left of it is of no use.
    if (piece > 0) this.long.discard();
    return { from, to: this.givenUp };
  }

  isBefore(place: Place): boolean {
    return isBefore(this, place);
  }
}
