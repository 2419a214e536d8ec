/** How one answer of the log API served. */
export interface Served {
  /** It was closed for its silence, so it does not show how far answers get. */
  readonly silent: boolean;
  /** Lines that were new, and lines that were known. */
  readonly taken: number;
  readonly repeated: number;
  /** How many lines are missing between what is known and the first that came; 0 when the answer connects. */
  readonly gap: number;
}

/** Answers without a new line before another way is tried. */
const MAX_ANSWERS_WITHOUT_PROGRESS = 2;
const MARGIN = 64;

/**
 * A second way to ask for the log. `sinceTime` knows whole seconds, so each answer repeats up to a second; a stream
 * that is cut again and again before it has repeated a busy second would never get further. Then the end of the log is
 * asked for by count (`tailLines`): the frames' numbers tell where the answer belongs, and how much to ask for. How an answer
 * ended is no sign: over HTTP/2 one that was cancelled in mid-body looks whole (undici 8.12), as does one that lost the
 * kubelet.
 */
export class TailCount {
  #withoutProgress = 0;
  #lines: number | null = null;
  #gap = 0;

  /** Entries to ask for; null = ask by time alone. */
  get lines(): number | null {
    return this.#lines;
  }

  served(answer: Served): void {
    const noFurther = answer.gap === this.#gap;
    this.#gap = answer.gap;
    if (answer.gap > 0 && this.#lines !== null) {
      // More was asked for than lay between, and it begins where it began: the node has thrown away what lay between.
      // By time, the stream is what it is, and the gap is worked on.
      this.#lines = noFurther ? null : this.#lines + answer.gap + MARGIN;
    } else if (answer.silent) {
      this.#withoutProgress = 0;
      this.#lines = null;
    } else if (answer.taken > 0) {
      this.#withoutProgress = 0;
      if (this.#lines !== null) this.#lines = Math.max(MARGIN, this.#lines - answer.taken + MARGIN);
    } else if (answer.repeated > 0) {
      this.#withoutProgress++;
      if (this.#lines !== null) this.#lines = Math.max(1, this.#lines >> 1);
      else if (this.#withoutProgress >= MAX_ANSWERS_WITHOUT_PROGRESS) this.#lines = MARGIN;
    }
  }
}
