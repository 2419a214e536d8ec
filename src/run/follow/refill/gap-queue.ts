import type { FollowEvent } from "../assemble/events.ts";
import { stampAt } from "../assemble/stamp.ts";
import type { Transcript } from "../assemble/transcript.ts";
import { Spool } from "../deliver/spool.ts";
import type { RefillTarget } from "./refill.ts";

const NEWLINE = 0x0a;
const TAKE_BYTES = 1024 * 1024;
/** Gaps that nobody could fill, after which nobody is asked any more: a log can have one behind each line. */
const MAX_UNFILLED = 100;

export interface GapQueueOptions {
  readonly transcript: Transcript;
  readonly memoryBytes: number;
  /** Gets what is missing before a place, or gives it up. */
  readonly refill: (target: RefillTarget) => Promise<void>;
  readonly onEvent: (event: FollowEvent) => void;
  readonly signal: AbortSignal;
}

/**
 * The lines of the followed stream. Where lines are missing, later ones wait (on disk beyond a bound) while the gap is
 * refilled, and the stream is read on: the node keeps a rotated file only while it is open.
 */
export class GapQueue {
  /** Stamp of the newest line that is safe here, taken or waiting. */
  lastStamp: string | null = null;
  readonly #options: GapQueueOptions;
  readonly #waiting: Spool;
  #emptying: Promise<void> | null = null;
  #unfilled = 0;

  constructor(options: GapQueueOptions) {
    this.#options = options;
    this.#waiting = new Spool(options.memoryBytes, (error) => options.onEvent({ type: "spill", error }));
  }

  get overfull(): boolean {
    return this.#waiting.overfull;
  }

  /** Whole lines; those that wait are copied. */
  push(lines: Buffer): void {
    const { transcript, signal } = this.#options;
    if (this.#emptying) {
      this.#wait(lines);
      return;
    }
    const { taken } = transcript;
    const end = transcript.take(lines, 0, "stamped");
    if (transcript.taken > taken) this.lastStamp = transcript.lastStamp;
    if (end === lines.length) return;
    this.#wait(lines.subarray(end));
    // Once stopped nobody would empty it, and whoever waits for that would wait in one turn of the loop for ever.
    if (!signal.aborted) this.#emptying = this.#empty();
  }

  /** Resolves when no line waits for a gap. */
  async emptied(): Promise<void> {
    while (this.#emptying) await this.#emptying;
  }

  close(): Promise<void> {
    return this.#waiting.close();
  }

  #wait(lines: Buffer): void {
    this.#waiting.push({ tag: 0, from: 0, to: 0, bytes: Buffer.from(lines) });
    const start = lines.length < 2 ? 0 : lines.lastIndexOf(NEWLINE, lines.length - 2) + 1;
    this.lastStamp = stampAt(lines, start) ?? this.lastStamp;
  }

  async #empty(): Promise<void> {
    const { signal, onEvent } = this.#options;
    while (!this.#waiting.empty && !signal.aborted) {
      try {
        for (const { bytes } of await this.#waiting.take(TAKE_BYTES)) await this.#take(bytes);
      } catch (thrown) {
        // A block on disk cannot be read: the numbers of what follows will tell what is missing.
        onEvent({ type: "spill", error: thrown instanceof Error ? thrown : new Error(String(thrown)) });
      }
    }
    this.#emptying = null;
  }

  async #take(lines: Buffer): Promise<void> {
    const { transcript, refill, onEvent, signal } = this.#options;
    let at = 0;
    while (at < lines.length && !signal.aborted) {
      at = transcript.take(lines, at, "stamped");
      const place = transcript.stoppedAt;
      if (at === lines.length || !place) return;
      const { line } = transcript.channel(place.channel);
      onEvent({ type: "gap", channel: place.channel, from: line, to: Math.max(line, place.line - 1) });
      if (this.#unfilled >= MAX_UNFILLED) {
        transcript.giveUp(place, `nobody had the lines of ${MAX_UNFILLED} gaps before it`);
        continue;
      }
      const { length } = transcript.missing;
      await refill({ stdout: null, stderr: null, openEnded: false, [place.channel]: place });
      if (transcript.missing.length > length) this.#unfilled++;
    }
  }
}
