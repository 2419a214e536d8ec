import type { Clock } from "../../../kubernetes/clock.ts";
import type { FollowEvent } from "../assemble/events.ts";
import { type ContainerView, hasEnded } from "../read/container.ts";
import type { FollowLimits } from "../read/limits.ts";
import type { LogEndpoint } from "../read/log-endpoint.ts";
import type { LogError, LogRequest } from "../read/log-source.ts";
import { endsInErrorText, type Reading, readLog } from "../read/read-log.ts";
import { since, tail } from "../read/resume.ts";
import { StallGuard } from "../read/stall-guard.ts";
import { TailCount } from "../read/tail-count.ts";
import type { GapSource, SourceAnswer } from "./gap-source.ts";
import type { Intake } from "./intake.ts";

/** The largest multiple of `stallMs` that an answer gets. */
const MAX_STALLS = 3;

/** What the kubelet says of the log of a container that it has removed (measured on 1.36, after an eviction). */
const REMOVED = "unable to retrieve container logs for ";

export interface LogApiOptions {
  readonly endpoint: LogEndpoint;
  readonly container: Pick<ContainerView, "state">;
  readonly clock: Clock;
  readonly limits: Pick<FollowLimits, "maxLineBytes" | "stallMs" | "refusalGraceMs">;
  readonly onEvent: (event: FollowEvent) => void;
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

  async refill(intake: Intake): Promise<SourceAnswer> {
    const { transcript } = intake;
    // A pod that is no more has no log (404, measured), whether the API server can be asked or not.
    if (this.#options.container.state() === "gone") return "absent";
    const request = {
      follow: false,
      ...since(transcript.lastStamp, transcript),
      ...tail(this.#tail.lines, transcript),
    };
    const answer = await this.#read(request, intake);
    const limited = request.sinceTime !== undefined || request.tailLines !== undefined;
    if (answer !== "read" || !limited || transcript.mode === "raw" || intake.filled) return answer;
    // Where the node's clock stepped back, lines that came later have earlier stamps: `sinceTime` withholds them.
    const whole = intake.restart();
    const all = await this.#read({ follow: false }, whole);
    intake.gapEnd.merge(whole.gapEnd);
    return all;
  }

  async #read(request: LogRequest, intake: Intake): Promise<SourceAnswer> {
    const { transcript } = intake;
    const { endpoint, clock, limits, onEvent } = this.#options;
    const stall = new StallGuard(clock, limits.stallMs * Math.min(MAX_STALLS, 1 + this.#stalls));
    const { taken, repeated } = transcript;
    let first = true;
    let gap = 0;
    transcript.open();
    const reading = await readLog(
      endpoint.open,
      request,
      {
        maxLineBytes: limits.maxLineBytes,
        chunk: () => stall.reset(),
        block: (lines) => {
          if (first && request.tailLines !== undefined) gap = transcript.gapBefore(lines);
          first = false;
          if (gap > 0) intake.satisfy();
          else intake.take(lines, "stamped");
        },
        overlong: (line) => transcript.takeOverlong(line.start, line.bytes),
      },
      AbortSignal.any([intake.signal, stall.signal]),
    );
    stall.stop();
    endpoint.note(reading);
    this.#stalls = stall.signal.aborted ? this.#stalls + 1 : 0;
    const served = { taken: transcript.taken - taken, repeated: transcript.repeated - repeated, gap };
    this.#tail.served({ ...served, silent: false });
    if (reading.kind === "ended" && reading.clean) this.#noteUnfinished(reading.unfinished);
    if (reading.kind === "failed" || reading.kind === "refused") {
      onEvent({ type: "reconnect", why: reading.error.message, waitMs: 0 });
    }
    return gap > 0 ? "failed" : this.#answerOf(reading, intake.satisfied);
  }

  #answerOf(reading: Reading, satisfied: boolean): SourceAnswer {
    switch (reading.kind) {
      case "ended":
        if (endsInErrorText(reading)) return this.#isLogRemoved(reading.unfinished) ? "absent" : "failed";
        return reading.clean ? "read" : "failed";
      case "aborted":
        return satisfied ? "read" : "failed";
      case "gone":
      case "refused":
        return this.#isFinal(reading.error) ? "absent" : "failed";
      case "not-yet":
      case "failed":
        return "failed";
    }
  }

  /**
   * True when the kubelet has removed the container: it answers 200 with a text then, for ever. Where only the text says
   * so, it is doubted for a while: a log that is being rotated is not there for a moment.
   */
  #isLogRemoved(text: Buffer | null): boolean {
    if (!text?.toString("latin1").startsWith(REMOVED)) return false;
    const state = this.#options.container.state();
    return state === "evicted" || (hasEnded(state) && this.#isRefusedForGood());
  }

  /**
   * A 400 is the kubelet's final answer for this container. The others are retried for a while: an API server that has just
   * started knows no roles yet (401, 403), a kubelet that has just started no pods (404), and a gateway's answer proves nothing.
   */
  #isFinal({ kind, status }: LogError): boolean {
    return (kind === "status" && status === 400) || this.#isRefusedForGood();
  }

  /** True when the log has been refused again and again for so long. */
  #isRefusedForGood(): boolean {
    const { clock, limits } = this.#options;
    const now = clock.now();
    const { first, last } = this.#refused;
    this.#refused = { first: now - last > limits.refusalGraceMs ? now : first, last: now };
    return now - this.#refused.first >= limits.refusalGraceMs;
  }

  #noteUnfinished(bytes: Buffer | null): void {
    this.unfinished = bytes && this.#lastUnfinished?.equals(bytes) ? bytes : null;
    this.#lastUnfinished = bytes;
  }
}
