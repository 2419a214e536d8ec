import type { Clock, Random } from "../../kubernetes/clock.ts";
import type { Seal } from "../../runner/seal.ts";
import type { Transcript } from "./assemble/transcript.ts";
import type { ContainerView } from "./read/container.ts";
import type { FollowLimits } from "./read/limits.ts";
import { type LogEndpoint, troubleOf } from "./read/log-endpoint.ts";
import { endsInErrorText, type Reading, readLog } from "./read/read-log.ts";
import { since, tail } from "./read/resume.ts";
import { StreamLifetime } from "./read/stream-lifetime.ts";
import { TailCount } from "./read/tail-count.ts";
import type { GapQueue } from "./refill/gap-queue.ts";

export interface LiveStreamOptions {
  readonly endpoint: LogEndpoint;
  readonly container: ContainerView;
  readonly transcript: Transcript;
  readonly queue: GapQueue;
  /** Waits while there is no room for more lines; undefined when there is. */
  readonly room: () => Promise<void> | undefined;
  /** Reads the end of the log while a silent stream is still open. */
  readonly readEnd: (signal: AbortSignal) => Promise<void>;
  /** The log has ended, and its last line is the runner's seal. */
  readonly onSealed: (seal: Seal) => void;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly random: Random;
  readonly limits: FollowLimits;
}

/**
 * After long silence: a node whose clock stepped back writes stamps that lie before the newest one, and `sinceTime`
 * withholds such lines.
 */
const EARLIER_AFTER_SILENCE_SEC = 3600;

/** The followed log: one stream after the other, each resumed where the last one broke. */
export class LiveStream {
  /** Streams that were opened. */
  opened = 0;
  /** Why the last stream ended, and when; null while lines come. */
  interruption: { readonly why: string; readonly at: number } | null = null;
  readonly #options: LiveStreamOptions;
  readonly #tail = new TailCount();
  #wasSilent = false;

  constructor(options: LiveStreamOptions) {
    this.#options = options;
  }

  /** Follows the log until this stream ends. */
  async follow(): Promise<Reading> {
    const { endpoint, transcript, queue, limits, signal, clock, room } = this.#options;
    const { taken, repeated } = transcript;
    const lifetime = new StreamLifetime(this.#options);
    const earlierSec = this.#wasSilent ? EARLIER_AFTER_SILENCE_SEC : 0;
    const from = since(queue.lastStamp, transcript, earlierSec);
    const request = { follow: true, ...from, ...tail(this.#tail.lines, transcript) };
    transcript.open();
    this.opened++;
    let first = true;
    let gap = 0;
    const reading = await readLog(
      endpoint.open,
      request,
      {
        maxLineBytes: limits.maxLineBytes,
        block: (lines) => {
          if (first && request.tailLines !== undefined) gap = transcript.gapBefore(lines);
          first = false;
          if (gap > 0) {
            lifetime.close();
            return;
          }
          queue.push(lines);
          if (this.interruption && transcript.taken > taken) this.interruption = null;
          lifetime.progress();
        },
        overlong: (line) => transcript.takeOverlong(line.start, line.bytes),
        chunk: () => {
          lifetime.received();
          return room();
        },
      },
      AbortSignal.any([signal, lifetime.signal]),
    );
    await lifetime.end();
    endpoint.note(reading);
    const { silent } = lifetime;
    this.#wasSilent = silent;
    if (reading.kind === "ended" && reading.unfinished) transcript.noteUnfinished(reading.unfinished);
    this.#tail.served({ silent, taken: transcript.taken - taken, repeated: transcript.repeated - repeated, gap });
    if (reading.kind === "ended" && reading.clean && !endsInErrorText(reading) && transcript.seal)
      this.#options.onSealed(transcript.seal);
    this.interruption ??= { why: troubleOf(reading), at: clock.now() };
    return reading;
  }
}
