/** Keeps account of numbered lines as `onLog` brings them: each once, in order, or its gap named at its place. */

/** What a numbered agent prints: `{"line":1,…}`. Its first line is the init event, so line 1 is line 2 of the transcript. */
const NUMBERED = /^\{"line":(\d+)[,}]/;
const NOTICE = /^\[paperclip\] (\d+) lines? missing: (\d+)(?:–(\d+))? \(/;
const LINES_BEFORE = 1;

/** Numbers of lines, both ends included. */
export interface Gap {
  readonly from: number;
  readonly to: number;
}

export interface Totals {
  /** Lines that came when they were due. */
  readonly inOrder: number;
  /** Lines that came before the one that was due: some are lost, or out of order. */
  readonly early: number;
  /** Lines that came again, or after a later one. */
  readonly late: number;
  /** Lines that begin like a numbered one and are not as they were printed. */
  readonly corrupt: number;
  readonly gaps: readonly Gap[];
  /** Notices that name other lines than those that lack there. */
  readonly wrongNotices: number;
  readonly longestChunk: number;
}

export class Account {
  #next = 1;
  #inOrder = 0;
  #early = 0;
  #late = 0;
  #corrupt = 0;
  #wrongNotices = 0;
  #longestChunk = 0;
  #held = "";
  readonly #gaps: Gap[] = [];
  readonly #lineOf: (number: number) => string;

  /** @param lineOf what the agent printed under this number, without its newline */
  constructor(lineOf: (number: number) => string) {
    this.#lineOf = lineOf;
  }

  /** A chunk of stdout; a line longer than a chunk comes in parts. */
  take(chunk: string): void {
    this.#longestChunk = Math.max(this.#longestChunk, chunk.length);
    const lines = (this.#held + chunk).split("\n");
    this.#held = lines.pop() ?? "";
    for (const line of lines) this.#takeLine(line);
  }

  get totals(): Totals {
    return {
      inOrder: this.#inOrder,
      early: this.#early,
      late: this.#late,
      corrupt: this.#corrupt,
      gaps: this.#gaps,
      wrongNotices: this.#wrongNotices,
      longestChunk: this.#longestChunk,
    };
  }

  #takeLine(line: string): void {
    const [, number] = NUMBERED.exec(line) ?? [];
    const [, count, from, to = from] = NOTICE.exec(line) ?? [];
    if (number) this.#takeNumber(Number(number), line);
    else if (count && from) {
      const gap = { from: Number(from) - LINES_BEFORE, to: Number(to) - LINES_BEFORE };
      if (gap.from !== this.#next || gap.to - gap.from + 1 !== Number(count)) this.#wrongNotices++;
      this.#gaps.push(gap);
      this.#next = gap.to + 1;
    }
  }

  #takeNumber(number: number, line: string): void {
    if (line !== this.#lineOf(number)) this.#corrupt++;
    if (number === this.#next) this.#inOrder++;
    else if (number > this.#next) this.#early++;
    else this.#late++;
    this.#next = Math.max(this.#next, number + 1);
  }
}

/** What the totals are when nothing went wrong but the gaps that were named. */
export const exact = { early: 0, late: 0, corrupt: 0, wrongNotices: 0 };

export const missingIn = (gaps: readonly Gap[]): number => gaps.reduce((sum, { from, to }) => sum + to - from + 1, 0);
