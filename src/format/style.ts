import picocolors from "picocolors";
import { clean } from "./clean.ts";
import { firstLines } from "./first-lines.ts";
import { plural } from "./numbers.ts";
import type { Excerpt, StyleOptions } from "./style-options.ts";
import { ellipsis, wrap } from "./wrap.ts";

type Paint = (text: string) => string;

export interface Style {
  readonly colors: ReturnType<typeof picocolors.createColors>;
  /** Puts cleaned, wrapped text beside a label. */
  put(label: string, text: string, labelPaint: Paint, textPaint?: Paint): string[];
  /** The same with a part of it only, and how many more lines there are. */
  putFirst(label: string, text: string, bound: Excerpt, labelPaint: Paint, textPaint: Paint): string[];
  /** The same, and each line stays one line, cut where the terminal ends. */
  putCut(label: string, text: string, bound: Excerpt, labelPaint: Paint, textPaint: Paint): string[];
}

/** The label column: the longest label and a space on each side. */
const LABEL = 8;

/** In many fonts, and none of them a picture. */
const MARKS: Readonly<Record<string, string>> = {
  claude: "◆",
  thinks: "○",
  says: "●",
  calls: "▸",
  gets: "◂",
  fails: "✗",
  note: "·",
  user: "◇",
  result: "■",
};
const BELOW = "│";

export function styleOf(options: StyleOptions): Style {
  const { marks = false, moreHint } = options;
  const colors = picocolors.createColors(options.color ?? false);
  const column = (label: string): string =>
    marks ? `${MARKS[label] ?? BELOW} ${label.padEnd(LABEL)}` : label.padEnd(LABEL);
  const below = column("");
  const width = Math.max(20, (options.width ?? Number.POSITIVE_INFINITY) - below.length);
  const labelled = (label: string, lines: readonly string[], labelPaint: Paint, textPaint: Paint): string[] =>
    lines.map((text, index) => labelPaint(index === 0 ? column(label) : below) + (text && textPaint(text)));
  const moreLines = (more: number): string[] => {
    if (more === 0) return [];
    return [colors.dim(`${below}… ${plural(more, "more line")}${moreHint ? ` (${moreHint})` : ""}`)];
  };
  return {
    colors,
    put: (label, text, labelPaint, textPaint = same) => {
      const lines = tidy(text).split("\n");
      return labelled(
        label,
        lines.flatMap((line) => wrap(line, width)),
        labelPaint,
        textPaint,
      );
    },
    putFirst: (label, text, bound, labelPaint, textPaint) => {
      const { lines, more } = firstLines(tidy(text), bound.lines);
      const shown = lines.flatMap((line) => wrap(ellipsis(line, bound.columns), width));
      return [...labelled(label, shown, labelPaint, textPaint), ...moreLines(more)];
    },
    putCut: (label, text, bound, labelPaint, textPaint) => {
      const { lines, more } = firstLines(tidy(text), bound.lines);
      const shown = lines.map((line) => ellipsis(line, Math.min(width, bound.columns)));
      return [...labelled(label, shown, labelPaint, textPaint), ...moreLines(more)];
    },
  };
}

/** Cleaned text without empty lines around it. No `\s+$`: for a megabyte of spaces that takes minutes. */
function tidy(text: string): string {
  return clean(text).replace(/^\n+/, "").trimEnd();
}

function same(text: string): string {
  return text;
}
