import type { Clock } from "../../../kubernetes/clock.ts";
import type { FollowEvent } from "../assemble/events.ts";
import { secondOf, sinceTime } from "../assemble/stamp.ts";
import type { Transcript } from "../assemble/transcript.ts";
import type { ContainerView } from "../read/container.ts";
import type { FollowLimits } from "../read/limits.ts";
import type { LogError, LogRequest, OpenLog } from "../read/log-source.ts";
import { endsInErrorText, readLog } from "../read/read-log.ts";
import { StallGuard } from "../read/stall-guard.ts";
import { TailCount } from "../read/tail-count.ts";
import type { GapEnd } from "./gap-end.ts";
import type { GapSource, SourceAnswer } from "./gap-source.ts";

/**
 * stdout and stderr of a raw log have writers of their own, and stamps up to 3.1 ms backwards (measured): one second
 * earlier misses none.
 */
const RAW_MARGIN_SEC = 1;

/** From where to ask for what follows the line with this stamp; `earlierSec` asks for more. */
export function since(stamp: string | null, transcript: Transcript, earlierSec = 0): Pick<LogRequest, "sinceTime"> {
  const second = stamp === null ? null : secondOf(stamp);
  if (second === null) return {};
  return { sinceTime: sinceTime(second - earlierSec - (transcript.mode === "framed" ? 0 : RAW_MARGIN_SEC)) };
}

/** How much of the end to ask for; only frames tell where the answer belongs. */
export function tail(lines: number | null, transcript: Transcript): Pick<LogRequest, "tailLines"> {
  return lines === null || transcript.mode !== "framed" ? {} : { tailLines: lines };
}

/** How often the time for an answer is added up, at most. */
const MOST_STALLS = 3;

export interface LogApiOptions {
  readonly open: OpenLog;
  readonly container: Pick<ContainerView, "state">;
  readonly clock: Clock;
  readonly limits: Pick<FollowLimits, "maxLineBytes" | "stallMs" | "doubtMs">;
  readonly onEvent: (event: FollowEvent) => void;
}

interface Wanted {
  readonly transcript: Transcript;
  readonly gapEnd: GapEnd;
  readonly enough: () => boolean;
  readonly signal: AbortSignal;
}

/** The log API once more, without following: what the node still has. */
export class LogApi implements GapSource {
  readonly name = "log API";
  /**
   * What came after the last newline, the same in the last two answers that ended cleanly: one alone may have ended too
   * early.
   */
  unfinished: Buffer | null = null;
  #lastUnfinished: Buffer | null = null;
  readonly #options: LogApiOptions;
  readonly #tail = new TailCount();
  /** Answers in a row that fell silent: one that is slow to come gets more time. */
  #stalls = 0;
  /** The first and the last of the refusals that followed each other closely. */
  #refused = { first: 0, last: Number.NEGATIVE_INFINITY };

  constructor(options: LogApiOptions) {
    this.#options = options;
  }

  async offer(
    transcript: Transcript,
    gapEnd: GapEnd,
    enough: () => boolean,
    signal: AbortSignal,
  ): Promise<SourceAnswer> {
    // A pod that is no more has no log (404, measured), whether the API server can be asked or not.
    if (this.#options.container.state() === "gone") return "absent";
    const wanted = { transcript, gapEnd, enough, signal };
    const request = {
      follow: false,
      ...since(transcript.lastStamp, transcript),
      ...tail(this.#tail.lines, transcript),
    };
    const answer = await this.#read(request, wanted);
    const limited = request.sinceTime !== undefined || request.tailLines !== undefined;
    if (answer !== "read" || !limited || transcript.mode === "raw") return answer;
    // Where the node's clock stepped back, lines that came later have earlier stamps: `sinceTime` withholds them.
    const ahead = gapEnd.clear();
    const all = enough() ? answer : await this.#read({ follow: false }, wanted);
    for (const place of ahead) gapEnd.note(place);
    return all;
  }

  async #read(request: LogRequest, wanted: Wanted): Promise<SourceAnswer> {
    const { transcript, gapEnd, enough, signal } = wanted;
    const { open, clock, limits, onEvent } = this.#options;
    const stop = new AbortController();
    const stall = new StallGuard(clock, limits.stallMs * Math.min(MOST_STALLS, 1 + this.#stalls));
    const { taken, repeated } = transcript;
    let first = true;
    let ahead = 0;
    transcript.open();
    const reading = await readLog(
      open,
      request,
      {
        maxLineBytes: limits.maxLineBytes,
        chunk: () => stall.heard(),
        block: (lines) => {
          if (first && request.tailLines !== undefined) ahead = transcript.distanceTo(lines);
          first = false;
          if (ahead > 0) stop.abort();
          else if (transcript.take(lines, 0, "stamped") < lines.length) {
            gapEnd.note(transcript.stoppedAt);
            stop.abort();
          }
          if (enough()) stop.abort();
        },
        overlong: (line) => transcript.takeOverlong(line.start, line.bytes),
      },
      AbortSignal.any([signal, stop.signal, stall.signal]),
    );
    stall.stop();
    this.#stalls = stall.signal.aborted ? this.#stalls + 1 : 0;
    const served = { taken: transcript.taken - taken, repeated: transcript.repeated - repeated, ahead };
    this.#tail.served({ ...served, silent: false });
    if (reading.kind === "ended" && reading.clean) this.#noteUnfinished(reading.unfinished);
    if (reading.kind === "failed" || reading.kind === "refused") {
      onEvent({ type: "reconnect", why: reading.error.message, waitMs: 0 });
    }
    const doubtful = ahead > 0 || endsInErrorText(reading);
    switch (reading.kind) {
      case "ended":
        return reading.clean && !doubtful ? "read" : "failed";
      case "aborted":
        return stop.signal.aborted && !doubtful ? "read" : "failed";
      case "gone":
      case "refused":
        return this.#isFinal(reading.error) ? "absent" : "failed";
      case "not-yet":
      case "failed":
        return "failed";
    }
  }

  /**
   * A 400 is the kubelet's word on this container. The others are doubted for a while: an API server that has just started
   * knows no roles yet (401, 403), a kubelet that has just started no pods (404), and a gateway speaks for nobody.
   */
  #isFinal({ kind, status }: LogError): boolean {
    if (kind === "status" && status === 400) return true;
    const { clock, limits } = this.#options;
    const now = clock.now();
    const { first, last } = this.#refused;
    this.#refused = { first: now - last > limits.doubtMs ? now : first, last: now };
    return now - this.#refused.first >= limits.doubtMs;
  }

  #noteUnfinished(bytes: Buffer | null): void {
    this.unfinished = bytes && this.#lastUnfinished?.equals(bytes) ? bytes : null;
    this.#lastUnfinished = bytes;
  }
}
