import { createHash } from "node:crypto";
import { AgentFacts } from "./agent-facts.ts";
import { AgentLines } from "./agent-lines.ts";
import { type Json, parseObject } from "./json-line.ts";
import { type FrameBlock, LineFrames } from "./line-frames.ts";
import type { Seal } from "./seal.ts";
import { TurnState } from "./turn-state.ts";

const NEWLINE = 0x0a;
const OPENING_BRACE = 0x7b;

/** The longest line that is looked into for the agent's session and result. */
const MAX_PARSED_LINE = 4 * 1024 * 1024;

/** The agent's stdout: framed, digested, and looked into. */
export class StdoutRecord {
  readonly facts = new AgentFacts();
  turn = new TurnState();
  bytes = 0;
  #endsLine = true;
  readonly #frames: LineFrames;
  readonly #lines: AgentLines;
  readonly #digest = createHash("sha256");

  constructor(block: FrameBlock, onNewFact: () => void) {
    this.#frames = new LineFrames("stdout", block);
    this.#lines = new AgentLines(MAX_PARSED_LINE, (line) => {
      // Any other line is no event; millions of them must cost next to nothing.
      if (line[0] !== OPENING_BRACE) return;
      let parsed: Json | null | undefined;
      const parse = (): Json | null => {
        if (parsed === undefined) parsed = parseObject(line);
        return parsed;
      };
      this.turn.see(line, parse);
      if (this.facts.see(line, parse)) onNewFact();
    });
  }

  push(chunk: Buffer): void {
    this.bytes += chunk.length;
    this.#endsLine = chunk[chunk.length - 1] === NEWLINE;
    this.#frames.push(chunk);
    this.#digest.update(chunk);
    this.#lines.push(chunk);
  }

  /** The process has ended: its last line may have no newline. */
  processEnded(): void {
    this.#lines.end();
  }

  /** Another process goes on writing, on a line of its own: what the last one said of itself is forgotten. */
  nextProcess(): void {
    if (!this.#endsLine) this.push(Buffer.of(NEWLINE));
    this.facts.nextProcess();
    this.turn = new TurnState();
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
const TAIL_BYTES = 4096;

/**
 * The agent's stderr: its beginning framed, its end kept for the seal, what is between counted. So it is bounded, and
 * can be read as fast as it comes: the agent never waits for stderr.
 */
export class StderrRecord {
  bytes = 0;
  #dropped = 0;
  #newlines = 0;
  #endsLine = true;
  #tail: Buffer = Buffer.alloc(0);
  readonly #frames: LineFrames;

  constructor(block: FrameBlock) {
    this.#frames = new LineFrames("stderr", block);
  }

  push(chunk: Buffer): void {
    this.bytes += chunk.length;
    for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) this.#newlines += 1;
    this.#endsLine = chunk[chunk.length - 1] === 10;
    this.#tail = Buffer.concat([this.#tail, chunk.subarray(-TAIL_BYTES)]).subarray(-TAIL_BYTES);
    if (this.#frames.frameBytes < MAX_STDERR_FRAMES) {
      this.#frames.push(chunk);
    } else {
      this.#frames.end();
      this.#dropped += chunk.length;
    }
  }

  /** The end of what was said. */
  get tail(): string {
    return textOf(this.#tail, this.bytes > this.#tail.length);
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

/** Decodes; a character that was cut off at the front is left out. */
function textOf(bytes: Buffer, cut: boolean): string {
  let start = 0;
  while (cut && start < 3 && ((bytes[start] ?? 0) & 0xc0) === 0x80) start += 1;
  return bytes.toString("utf8", start);
}
