import { createHash } from "node:crypto";
import { EventReader } from "./event-reader.ts";
import { type FrameBlock, LineFrames } from "./line-frames.ts";
import type { StderrSink, StdoutSink } from "./output.ts";
import type { Seal } from "./seal.ts";
import { Tail } from "./tail.ts";

const NEWLINE = 0x0a;

/** The agent's stdout: framed, digested, and looked into. */
export class StdoutRecord implements StdoutSink {
  readonly events: EventReader;
  bytes = 0;
  #endsLine = true;
  readonly #frames: LineFrames;
  readonly #digest = createHash("sha256");

  constructor(block: FrameBlock, onNewFact: () => void) {
    this.#frames = new LineFrames("stdout", block);
    this.events = new EventReader(onNewFact);
  }

  push(chunk: Buffer): void {
    this.bytes += chunk.length;
    this.#endsLine = chunk[chunk.length - 1] === NEWLINE;
    this.#frames.push(chunk);
    this.#digest.update(chunk);
    this.events.push(chunk);
  }

  processEnded(): void {
    this.events.end();
  }

  /** Another process goes on writing, on a line of its own: what the last one said of itself is forgotten. */
  nextProcess(): void {
    if (!this.#endsLine) this.push(Buffer.of(NEWLINE));
    this.events.nextProcess();
  }

  /** Only once. */
  end(): NonNullable<Seal["stdout"]> {
    this.processEnded();
    const newline = this.#frames.end();
    return { lines: this.#frames.lines, bytes: this.bytes, sha256: this.#digest.digest("hex"), newline };
  }
}

/** How much of stderr goes to the log, in bytes of frames; it is overrun by less than one read. */
const MAX_STDERR_FRAMES = 1024 * 1024;

/**
 * The agent's stderr: its beginning framed, its end kept for the seal, what is between counted. So it is bounded, and
 * can be read as fast as it comes: the agent never waits for stderr.
 */
export class StderrRecord implements StderrSink {
  bytes = 0;
  #dropped = 0;
  #newlines = 0;
  #endsLine = true;
  readonly #tail = new Tail();
  readonly #frames: LineFrames;

  constructor(block: FrameBlock) {
    this.#frames = new LineFrames("stderr", block);
  }

  push(chunk: Buffer): void {
    this.#tail.push(chunk);
    this.note(chunk);
  }

  note(chunk: Buffer): void {
    this.bytes += chunk.length;
    for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) this.#newlines += 1;
    this.#endsLine = chunk[chunk.length - 1] === 10;
    if (this.#frames.frameBytes < MAX_STDERR_FRAMES) {
      this.#frames.push(chunk);
    } else {
      this.#frames.end();
      this.#dropped += chunk.length;
    }
  }

  get tail(): string {
    return this.#tail.text;
  }

  /** Only once. */
  end(): NonNullable<Seal["stderr"]> {
    this.#frames.end();
    return {
      lines: this.#newlines + (this.#endsLine ? 0 : 1),
      bytes: this.bytes,
      dropped: this.#dropped,
      tail: this.tail,
    };
  }
}
