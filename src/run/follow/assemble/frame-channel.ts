import type { Channel, FrameHead } from "../../../runner/frame.ts";
import { Fingerprints } from "./fingerprints.ts";
import { LongLine } from "./long-line.ts";
import type { Output } from "./output.ts";

/** A frame's place in its channel. */
export interface Place {
  readonly channel: Channel;
  readonly line: number;
  readonly piece: number;
}

export function isBefore(a: Pick<Place, "line" | "piece">, b: Pick<Place, "line" | "piece">): boolean {
  return a.line < b.line || (a.line === b.line && a.piece < b.piece);
}

/** `next` the one that was awaited; `duplicate` one that came before; `gap` others are missing before it. */
export type Order = "next" | "duplicate" | "gap";

/** One channel of a framed log: which frame comes next, and the pieces of a line that is not whole yet. */
export class FrameChannel {
  /** The frame that is awaited. */
  line = 1;
  piece = 0;
  readonly name: Channel;
  readonly #out: Output;
  readonly #maxLineBytes: number;
  readonly #long: LongLine;
  readonly #fingerprints = new Fingerprints();
  /** The last line that was given up, in whole or in part. */
  #givenUp = 0;

  constructor(name: Channel, out: Output, maxLineBytes: number) {
    this.name = name;
    this.#out = out;
    this.#maxLineBytes = maxLineBytes;
    this.#long = new LongLine(maxLineBytes);
  }

  /** The last line that arrived or was given up, 0 when none. */
  get lastLine(): number {
    return this.line - 1;
  }

  isBefore(place: Place): boolean {
    return isBefore(this, place);
  }

  order(head: FrameHead): Order {
    if (head.line === this.line) {
      if (head.piece === this.piece) return "next";
      return head.piece < this.piece ? "duplicate" : "gap";
    }
    return head.line < this.line ? "duplicate" : "gap";
  }

  /** True when a frame that came before looked different then. */
  conflicts(head: FrameHead, bytes: Buffer, end: number): boolean {
    return this.#fingerprints.differs(head.line, head.piece, bytes, head.body, end);
  }

  /** Takes the next frame. */
  take(head: FrameHead, bytes: Buffer, end: number): void {
    this.#fingerprints.note(head.line, head.piece, bytes, head.body, end);
    if (head.last && head.piece === 0) {
      this.#out.line(this.name, this.line, bytes, head.body, end);
      this.line++;
      return;
    }
    const body = bytes.subarray(head.body, end);
    this.#out.piece(this.name, body);
    this.#long.add(body);
    if (head.last) this.#endLongLine();
    else this.piece++;
  }

  /** The runner was killed while it wrote the next frame: what came of the line is all there will ever be. */
  takeCut(body: Buffer): void {
    const { line } = this;
    this.#long.add(body);
    const start = this.#long.take();
    this.#skipTo(line + 1, 0);
    if (start && start.length > 1) this.#out.lineStart(this.name, start);
    this.#out.lost(this.name, line, line, "the container ended in the middle of it; its start is above");
  }

  /** Gives up what is missing before a later frame and goes on there. */
  giveUp(line: number, piece: number, why: string): void {
    const from = Math.max(this.line, this.#givenUp + 1);
    this.#skipTo(line, piece);
    if (this.#givenUp >= from) this.#out.lost(this.name, from, this.#givenUp, why);
  }

  #endLongLine(): void {
    const { line } = this;
    const { bytes } = this.#long;
    const whole = this.#long.take();
    this.line++;
    this.piece = 0;
    this.#out.longLine(this.name, line, whole);
    if (whole || this.#givenUp >= line) return;
    this.#out.lost(this.name, line, line, `longer than ${this.#maxLineBytes} bytes: ${bytes}`);
  }

  #skipTo(line: number, piece: number): void {
    if (this.name === "stdout") this.#out.hashing = false;
    this.line = line;
    this.piece = piece;
    this.#givenUp = piece === 0 ? line - 1 : line;
    this.#long.forget();
    // A line that has lost its beginning: what is left of it is of no use.
    if (piece > 0) this.#long.discard();
  }
}
