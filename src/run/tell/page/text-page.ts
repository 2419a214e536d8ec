/** Stands between the follower and `onLog`: the agent's stdout goes to a file as it is, and to the page as text. */

import { clean } from "../../../format/clean.ts";
import { type FormatOptions, formatEvent, formatTooLong } from "../../../format/format-line.ts";
import { LineBatch, type LineBlock, type LineSink } from "../../follow/follow.ts";
import { eventOf, MAX_EVENT_BYTES } from "../../shared/agent-event.ts";
import type { KeptTranscript } from "./kept-transcript.ts";

const NEWLINE = 0x0a;

export class TextPage implements LineSink {
  readonly #shown: LineSink;
  readonly #kept: KeptTranscript;
  readonly #format: FormatOptions;
  readonly #batch: LineBatch;

  /** `command` prints what is kept. */
  constructor(shown: LineSink, kept: KeptTranscript, command: string) {
    this.#shown = shown;
    this.#kept = kept;
    // The page takes the spaces away with which a line begins, and shows 75 columns on a window of 1,400 pixels (2026.916.1).
    this.#format = {
      marks: true,
      tools: { lines: 12, columns: 600 },
      thoughts: { lines: 4, columns: 240 },
      moreHint: command,
    };
    this.#batch = new LineBatch((block) => shown.push(block));
  }

  push(block: LineBlock): void {
    if (block.channel === "stderr") {
      this.#shown.push(block);
      return;
    }
    const { bytes, from } = block;
    this.#kept.push(bytes);
    for (let at = 0, number = from; at < bytes.length; number = number === 0 ? 0 : number + 1) {
      const end = bytes.indexOf(NEWLINE, at);
      this.#show(number, bytes, at, end);
      at = end + 1;
    }
    this.#batch.flush();
  }

  notice(line: string): void {
    this.#shown.notice(line);
  }

  get overfull(): boolean {
    return this.#shown.overfull || this.#kept.overfull;
  }

  async room(): Promise<void> {
    await Promise.all([this.#shown.room(), this.#kept.room()]);
  }

  /** A line that is no event of Claude Code's is shown as it is, but for what a terminal or a page would obey. */
  #show(number: number, lines: Buffer, at: number, end: number): void {
    const line = lines.subarray(at, end);
    const formatted = this.#textOf(line);
    if (formatted === null) {
      if (isPlain(line)) this.#batch.add("stdout", number, lines, at, end);
      else this.#add(number, clean(line.toString("utf8")).split("\n"));
      return;
    }
    this.#add(number, formatted);
  }

  #add(number: number, texts: readonly string[]): void {
    for (const text of texts) {
      const bytes = Buffer.from(text);
      this.#batch.add("stdout", number, bytes, 0, bytes.length);
    }
  }

  #textOf(line: Buffer): string[] | null {
    if (line.length > MAX_EVENT_BYTES) return formatTooLong(line.length, this.#format);
    try {
      // Most that is no event is cheap to tell.
      return isEvent(line) ? formatEvent(line.toString("utf8"), this.#format, eventOf(line)) : null;
    } catch {
      // JSON.stringify is recursive: a tool's input may be nested deeper than the stack.
      return null;
    }
  }
}

const OPENING_BRACE = 0x7b;
const SPACE = 0x20;
const TILDE = 0x7e;

/** False for most lines that are no object; `formatEvent` decides on the rest. */
function isEvent(line: Buffer): boolean {
  const first = line[0] ?? 0;
  return first === OPENING_BRACE || first <= SPACE || first > TILDE;
}

/** Printable ASCII, in which there is nothing to obey. */
function isPlain(line: Buffer): boolean {
  return /^[\t\x20-\x7e]*$/.test(line.toString("latin1"));
}
