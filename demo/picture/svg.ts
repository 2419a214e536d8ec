import { type Color, type Span, spansOf } from "./spans.ts";

export interface PictureSize {
  readonly columns: number;
  readonly rows: number;
}

/** Pixels. The font's own width may differ a little: textLength holds every span to the grid. */
const CHAR = 8.4;
const LINE = 20;
const FONT = 14;
const MARGIN = 20;
const BAR = 36;

/** Readable on both of GitHub's backgrounds: the picture brings its own. */
const BACKGROUND = "#0d1117";
const FRAME = "#30363d";
const TEXT = "#e6edf3";
const PALETTE: Record<Color, string> = {
  black: "#484f58",
  red: "#ff7b72",
  green: "#56d364",
  yellow: "#e3b341",
  blue: "#79c0ff",
  magenta: "#d2a8ff",
  cyan: "#56d4dd",
  white: "#b1bac4",
};
const LIGHTS = ["#ff5f57", "#febc2e", "#28c840"];

/** A terminal window of exactly that size with these lines in it. Throws when they do not fit. */
export function terminalSvg(lines: readonly string[], size: PictureSize, title: string): string {
  if (lines.length > size.rows) throw new Error(`${lines.length} lines do not fit into ${size.rows} rows`);
  const width = Math.ceil(size.columns * CHAR) + 2 * MARGIN;
  const height = size.rows * LINE + 2 * MARGIN + BAR;
  const lights = LIGHTS.map((fill, index) => `<circle cx="${MARGIN + index * 20}" cy="18" r="6" fill="${fill}"/>`);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">`,
    `<title>${escaped(title)}</title>`,
    `<rect x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="10" fill="${BACKGROUND}" stroke="${FRAME}"/>`,
    ...lights,
    `<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="${FONT}" fill="${TEXT}" xml:space="preserve">`,
    ...lines.flatMap((line, row) => spansOf(line).map((span) => spanSvg(span, row))),
    "</g>",
    "</svg>",
    "",
  ].join("\n");
}

function spanSvg(span: Span, row: number): string {
  // Spaces have no ink, and leaving them out makes the file half as long.
  const text = span.text.trim();
  if (text === "") return "";
  const column = span.column + (span.text.length - span.text.trimStart().length);
  const attributes = [
    `x="${number(MARGIN + column * CHAR)}"`,
    `y="${BAR + MARGIN + row * LINE}"`,
    `textLength="${number(Array.from(text).length * CHAR)}"`,
    span.color && `fill="${PALETTE[span.color]}"`,
    span.bold && 'font-weight="bold"',
    span.dim && 'opacity="0.6"',
    span.italic && 'font-style="italic"',
  ];
  return `<text ${attributes.filter(Boolean).join(" ")}>${escaped(text)}</text>`;
}

function number(value: number): string {
  return String(Math.round(value * 10) / 10);
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
