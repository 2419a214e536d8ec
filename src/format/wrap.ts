const graphemes = new Intl.Segmenter("en", { granularity: "grapheme" });

/** Pictographs and the scripts that a terminal shows two columns wide. */
const WIDE =
  /\p{Emoji_Presentation}|\p{Script=Han}|\p{Script=Hangul}|\p{Script=Hiragana}|\p{Script=Katakana}|[\uff01-\uff60]/u;

/** Columns that a text takes in a terminal. */
export function columns(text: string): number {
  // Printable ASCII is one column each, and most text is that.
  if (/^[\x20-\x7e]*$/.test(text)) return text.length;
  let sum = 0;
  for (const { segment } of graphemes.segment(text)) sum += WIDE.test(segment) ? 2 : 1;
  return sum;
}

/** Breaks one line at its spaces, and inside a word only when the word alone is too wide. */
export function wrap(line: string, width: number): string[] {
  if (fits(line, width)) return [line];
  const lines: string[] = [];
  let current = "";
  for (const word of line.split(/(?<= )(?=[^ ])/)) {
    if (current !== "" && !fits(current + word.trimEnd(), width)) {
      lines.push(current.trimEnd());
      current = "";
    }
    current += word;
    while (!fits(current.trimEnd(), width)) {
      const head = cut(current, width);
      lines.push(head);
      current = current.slice(head.length);
    }
  }
  return current.trim() === "" ? lines : [...lines, current.trimEnd()];
}

/** The start of a text that fits; at least one character, so that the loop ends. */
function cut(text: string, width: number): string {
  let used = 0;
  for (const { segment, index } of graphemes.segment(text)) {
    used += columns(segment);
    if (used > width && index > 0) return text.slice(0, index);
  }
  return text;
}

/** One line, with an ellipsis when it does not fit. */
export function ellipsis(line: string, width: number): string {
  return fits(line, width) ? line : `${cut(line, width - 1)}…`;
}

/** Measures only what may or may not fit: to measure a line of megabytes takes seconds. */
function fits(line: string, width: number): boolean {
  if (line.length * 2 <= width) return true;
  return line.length <= width * MAX_UNITS_PER_COLUMN && columns(line) <= width;
}

/** UTF-16 units of one column, more than a grapheme of any script has. */
const MAX_UNITS_PER_COLUMN = 32;
