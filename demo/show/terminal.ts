import picocolors from "picocolors";
import { ProgressLine } from "../../src/cli/terminal/progress-line.ts";
import { clean } from "../../src/format/clean.ts";
import { formatLine, formatStderr } from "../../src/format/format-line.ts";
import { wrap } from "../../src/format/wrap.ts";
import type { DemoEvent, ObjectEvent, Show } from "../demo-event.ts";
import { type Fact, verdictFacts } from "./verdict.ts";

export interface TerminalOptions {
  readonly write: (text: string) => void;
  readonly color: boolean;
  /** Null: not a terminal, so no progress line and no wrapping. */
  readonly columns: (() => number) | null;
  readonly elapsedMs: () => number;
}

type Paint = (text: string) => string;

/** Columns before a line: `  12.3s  `. */
const TIME = 9;
const LABEL = 8;

export class TerminalShow implements Show {
  readonly #options: TerminalOptions;
  readonly #colors: ReturnType<typeof picocolors.createColors>;
  readonly #progress: ProgressLine | null;
  #last: DemoEvent["event"] | undefined;

  constructor(options: TerminalOptions) {
    this.#options = options;
    this.#colors = picocolors.createColors(options.color);
    this.#progress = options.columns && new ProgressLine(options.write, options.columns, this.#colors.dim);
  }

  tell(event: DemoEvent): void {
    if (event.event === "progress") {
      this.#progress?.show(clean(event.text));
      return;
    }
    const lines = this.#lines(event);
    if (lines.length === 0) return;
    const gap = this.#startsParagraph(event) ? "\n" : "";
    this.#last = event.event;
    this.#put(`${gap}${lines.join("\n")}\n`);
  }

  end(): void {
    this.#progress?.hide();
  }

  #put(text: string): void {
    if (this.#progress) this.#progress.above(text);
    else this.#options.write(text);
  }

  /** Settings, the run and the verdict are three paragraphs. */
  #startsParagraph({ event }: DemoEvent): boolean {
    if (this.#last === undefined) return false;
    if (event === "verdict" || event === "failure") return true;
    const isSetting = (name: string): boolean => name === "setting" || name === "note";
    return isSetting(this.#last) && !isSetting(event);
  }

  #lines(event: Exclude<DemoEvent, { event: "progress" }>): string[] {
    const c = this.#colors;
    switch (event.event) {
      case "setting":
        return this.#fact({ name: event.name, text: event.text }, c.bold);
      case "note":
        return this.#fact({ name: "note", text: event.text }, c.yellow);
      case "object":
        return this.#timed(this.#object(event));
      case "process":
        return this.#timed([`${c.yellow("adapter".padEnd(LABEL))}${c.bold(clean(event.text))}`]);
      case "still":
        return this.#timed([`${c.dim("still".padEnd(LABEL))}${clean(event.text)}`]);
      case "log":
        return this.#timed(this.#log(event.stream, event.line));
      case "verdict":
        return verdictFacts(event).flatMap((fact) => this.#fact(fact, this.#verdictPaint(fact)));
      case "left-behind":
        return this.#fact(
          { name: "left over", text: event.text },
          event.objects.length > 0 || !event.checked ? c.yellow : c.bold,
        );
      case "failure":
        return [
          ...this.#fact({ name: "✗", text: event.sentence }, c.red),
          ...event.evidence.flatMap((text) => this.#fact({ name: "because", text }, c.bold)),
          ...this.#fact({ name: "fix", text: event.fix }, c.bold),
        ];
    }
  }

  #verdictPaint({ tone }: Fact): Paint {
    if (tone === "good") return this.#colors.green;
    return tone === "bad" ? this.#colors.red : this.#colors.bold;
  }

  #object({ kind, name, state, wrong }: ObjectEvent): string[] {
    const c = this.#colors;
    const label = kind.toLowerCase().padEnd(LABEL);
    const text = `${name} ${clean(state).replaceAll("\n", " ")}`;
    const lines = wrap(text, this.#room(TIME + LABEL));
    return lines.map((line, index) => {
      const shown =
        index === 0 && line.startsWith(name) ? c.dim(name) + (wrong ? c.red : same)(line.slice(name.length)) : line;
      return c.magenta(index === 0 ? label : " ".repeat(LABEL)) + shown;
    });
  }

  #log(stream: "stdout" | "stderr", line: string): string[] {
    const room = this.#room(TIME);
    const look = { color: this.#options.color, ...(Number.isFinite(room) ? { width: room } : {}) };
    return stream === "stderr" ? formatStderr(line, look) : formatLine(line, look);
  }

  #timed(lines: readonly string[]): string[] {
    const seconds = `${(this.#options.elapsedMs() / 1000).toFixed(1)}s`;
    return lines.map(
      (line, index) => `${this.#colors.dim(index === 0 ? seconds.padStart(TIME - 2) : " ".repeat(TIME - 2))}  ${line}`,
    );
  }

  #fact({ name, text, tone }: Fact, paint: Paint): string[] {
    const indent = 2 + LABEL + 2;
    const lines = clean(text)
      .split("\n")
      .flatMap((line) => wrap(line, this.#room(indent)));
    const textPaint = tone === undefined ? same : this.#colors.bold;
    return lines.map((line, index) => `  ${paint((index === 0 ? name : "").padEnd(LABEL + 2))}${textPaint(line)}`);
  }

  #room(used: number): number {
    return this.#options.columns ? Math.max(20, this.#options.columns() - used) : Number.POSITIVE_INFINITY;
  }
}

function same(text: string): string {
  return text;
}
