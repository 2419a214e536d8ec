/** Stands between the follower and `onLog`: the agent's stdout goes to a file as it is, and to the page as text. */

import { type FormatOptions, formatEvent } from "../../../format/format-line.ts";
import { LineBatch, type LineBlock, type LineSink } from "../../follow/follow.ts";
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

  /** A line that is no event of Claude Code's is shown as it is. */
  #show(number: number, lines: Buffer, at: number, end: number): void {
    const formatted = this.#textOf(lines.toString("utf8", at, end));
    if (formatted === null) {
      this.#batch.add("stdout", number, lines, at, end);
      return;
    }
    for (const text of formatted) {
      const bytes = Buffer.from(text);
      this.#batch.add("stdout", number, bytes, 0, bytes.length);
    }
  }

  #textOf(line: string): string[] | null {
    try {
      return formatEvent(line, this.#format);
    } catch {
      // JSON.stringify is recursive: a tool's input may be nested deeper than the stack.
      return null;
    }
  }
}
