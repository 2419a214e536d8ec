/** A piece of a line that is written in one style. */
export interface Span {
  readonly text: string;
  /** Columns before it. */
  readonly column: number;
  readonly color: Color | null;
  readonly bold: boolean;
  readonly dim: boolean;
  readonly italic: boolean;
}

const COLORS = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"] as const;
export type Color = (typeof COLORS)[number];

type Style = Pick<Span, "color" | "bold" | "dim" | "italic">;

const PLAIN: Style = { color: null, bold: false, dim: false, italic: false };

/**
 * Reads a line as a terminal would show it: the colours and weights that the demo uses (SGR). Throws for any other escape
 * sequence, so that the picture never shows what a terminal would not.
 */
export function spansOf(line: string): Span[] {
  const spans: Span[] = [];
  let style = PLAIN;
  let column = 0;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with one
  for (const [index, part] of line.split(/\u001b\[([\d;]*)m/).entries()) {
    // split() puts what the group caught between the texts.
    if (index % 2 === 1) style = part.split(";").reduce(applied, style);
    else if (part.includes("\u001b")) throw new Error(`Not a colour: ${JSON.stringify(part)}`);
    else if (part !== "") {
      spans.push({ text: part, column, ...style });
      column += Array.from(part).length;
    }
  }
  return spans;
}

function applied(style: Style, code: string): Style {
  const number = Number(code);
  const color = COLORS[number - 30];
  if (color) return { ...style, color };
  switch (number) {
    case 0:
      return PLAIN;
    case 1:
      return { ...style, bold: true };
    case 2:
      return { ...style, dim: true };
    case 3:
      return { ...style, italic: true };
    case 22:
      return { ...style, bold: false, dim: false };
    case 23:
      return { ...style, italic: false };
    case 39:
      return { ...style, color: null };
    default:
      throw new Error(`Not a style of the demo: SGR ${code}`);
  }
}
