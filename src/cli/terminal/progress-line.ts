import { ellipsis } from "../../format/wrap.ts";

const FRAMES = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
const FRAME_MS = 100;
const ERASE_LINE = "\r\u001b[2K";
const HIDE_CURSOR = "\u001b[?25l";
const SHOW_CURSOR = "\u001b[?25h";

/** One line at the bottom of a terminal that says what is being waited for; only for terminals. */
export class ProgressLine {
  readonly #write: (text: string) => void;
  readonly #columns: () => number;
  readonly #dim: (text: string) => string;
  #timer: NodeJS.Timeout | undefined;
  #text = "";
  #since = 0;
  #frame = 0;

  constructor(write: (text: string) => void, columns: () => number, dim: (text: string) => string) {
    this.#write = write;
    this.#columns = columns;
    this.#dim = dim;
  }

  show(text: string): void {
    if (text !== this.#text) this.#since = performance.now();
    this.#text = text;
    if (this.#timer === undefined) {
      this.#write(HIDE_CURSOR);
      this.#timer = setInterval(() => this.#draw(), FRAME_MS);
    }
    this.#draw();
  }

  /** Writes lines above the progress line. */
  above(lines: string): void {
    if (this.#timer === undefined) {
      this.#write(lines);
      return;
    }
    this.#write(`${ERASE_LINE}${lines}`);
    this.#draw();
  }

  hide(): void {
    if (this.#timer === undefined) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#text = "";
    this.#write(`${ERASE_LINE}${SHOW_CURSOR}`);
  }

  #draw(): void {
    const frame = FRAMES[this.#frame++ % FRAMES.length];
    const seconds = ((performance.now() - this.#since) / 1000).toFixed(0);
    // The last column stays free: some terminals wrap when it is written.
    const line = ellipsis(`${frame} ${this.#text} · ${seconds} s`, this.#columns() - 1);
    this.#write(`${ERASE_LINE}${this.#dim(line)}`);
  }
}
