import type { Form } from "../assemble/log-form.ts";
import type { Transcript } from "../assemble/transcript.ts";
import { GapEnd } from "./gap-end.ts";

/**
 * The lines of one source in one round. The transcript takes the next frames and ignores the rest. A source delivers in
 * order: after the first frame behind a gap it has none of the missing ones.
 */
export class Intake {
  readonly transcript: Transcript;
  readonly gapEnd = new GapEnd();
  readonly #isFilled: () => boolean;
  readonly #stop: AbortSignal;
  readonly #satisfied = new AbortController();

  /** `isFilled`: nothing is missing any more. `stop`: aborts the refill. */
  constructor(transcript: Transcript, isFilled: () => boolean, stop: AbortSignal) {
    this.transcript = transcript;
    this.#isFilled = isFilled;
    this.#stop = stop;
    this.signal = AbortSignal.any([stop, this.#satisfied.signal]);
  }

  /** Aborts when nothing more is wanted of the source. */
  readonly signal: AbortSignal;

  /** True when the source gave what it can, as opposed to a stop. */
  get satisfied(): boolean {
    return this.#satisfied.signal.aborted;
  }

  get filled(): boolean {
    return this.#isFilled();
  }

  /** Whole lines, each ended by a newline. */
  take(lines: Buffer, form: Form): void {
    if (this.transcript.take(lines, 0, form) < lines.length) this.gapEnd.note(this.transcript.stoppedAt);
    if (this.gapEnd.any || this.filled) this.satisfy();
  }

  satisfy(): void {
    this.#satisfied.abort();
  }

  /** For another answer of the same source. */
  restart(): Intake {
    return new Intake(this.transcript, this.#isFilled, this.#stop);
  }
}
