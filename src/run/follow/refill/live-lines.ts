import type { FollowEvent } from "../assemble/events.ts";
import { stampAt } from "../assemble/stamp.ts";
import type { Transcript } from "../assemble/transcript.ts";
import { Spool } from "../deliver/spool.ts";
import type { RefillTarget } from "./refill.ts";

const NEWLINE = 0x0a;
const TAKE_BYTES = 1024 * 1024;

export interface LiveOptions {
  readonly transcript: Transcript;
  readonly memoryBytes: number;
  /** Fills what is missing before a place, or gives it up. */
  readonly fill: (target: RefillTarget) => Promise<void>;
  readonly onEvent: (event: FollowEvent) => void;
  readonly signal: AbortSignal;
}

/**
 * The lines of the followed stream. Where lines are missing, later ones wait (on disk beyond a bound) while the gap is
 * worked on, and the stream is read on: the node keeps a rotated file only for whoever has it open.
 */
export class LiveLines {
  /** Stamp of the newest line that is safe here, taken or waiting. */
  lastStamp: string | null = null;
  readonly #options: LiveOptions;
  readonly #waiting: Spool;
  #settling: Promise<void> | null = null;

  constructor(options: LiveOptions) {
    this.#options = options;
    this.#waiting = new Spool(options.memoryBytes, (error) => options.onEvent({ type: "spill", error }));
  }

  get overfull(): boolean {
    return this.#waiting.overfull;
  }

  push(lines: Buffer): void {
    const { transcript } = this.#options;
    if (this.#settling) {
      this.#wait(lines);
      return;
    }
    const { taken } = transcript;
    const end = transcript.take(lines, 0, "stamped");
    if (transcript.taken > taken) this.lastStamp = transcript.lastStamp;
    if (end === lines.length) return;
    this.#wait(lines.subarray(end));
    this.#settling = this.#settle();
  }

  /** Resolves when no line waits for a gap. */
  async settled(): Promise<void> {
    while (this.#settling) await this.#settling;
  }

  close(): Promise<void> {
    return this.#waiting.close();
  }

  #wait(lines: Buffer): void {
    this.#waiting.push(0, lines);
    const start = lines.length < 2 ? 0 : lines.lastIndexOf(NEWLINE, lines.length - 2) + 1;
    this.lastStamp = stampAt(lines, start) ?? this.lastStamp;
  }

  async #settle(): Promise<void> {
    const { signal, onEvent } = this.#options;
    while (!this.#waiting.empty && !signal.aborted) {
      try {
        for (const { bytes } of await this.#waiting.take(TAKE_BYTES)) await this.#takeUp(bytes);
      } catch (thrown) {
        // A block on disk cannot be read: the numbers of what follows will tell what is missing.
        onEvent({ type: "spill", error: thrown instanceof Error ? thrown : new Error(String(thrown)) });
      }
    }
    this.#settling = null;
  }

  async #takeUp(lines: Buffer): Promise<void> {
    const { transcript, fill, onEvent, signal } = this.#options;
    let at = 0;
    while (at < lines.length && !signal.aborted) {
      at = transcript.take(lines, at, "stamped");
      const place = transcript.stoppedAt;
      if (at === lines.length || !place) return;
      const { line } = transcript.cursor(place.channel);
      onEvent({ type: "gap", channel: place.channel, from: line, to: Math.max(line, place.line - 1) });
      await fill({ stdout: null, stderr: null, openEnded: false, [place.channel]: place });
    }
  }
}
