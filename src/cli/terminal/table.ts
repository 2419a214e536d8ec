/** Columns of text. The last one has the rest of the line: wrapped on a terminal, else whole. Pure. */
import { clean } from "../../format/clean.ts";
import { columns, wrap } from "../../format/wrap.ts";

/** Columns of the last column, below which it is not wrapped. */
const LEAST = 24;
const GAP = "  ";

/** @param width of the terminal; null: none */
export function table(rows: readonly (readonly string[])[], width: number | null): string[] {
  const cells = rows.map((row) => row.map((cell) => clean(cell).replaceAll("\n", " ")));
  const [first = []] = cells;
  const widths = first.slice(0, -1).map((_, column) => Math.max(...cells.map((row) => columns(row[column] ?? ""))));
  const indent = widths.reduce((sum, one) => sum + one + GAP.length, 0);
  const room = width === null ? Number.POSITIVE_INFINITY : width - indent;
  return cells.flatMap((row) => {
    const head = widths.map((one, column) => `${pad(row[column] ?? "", one)}${GAP}`).join("");
    const last = row.at(-1) ?? "";
    const lines = room < LEAST ? [last] : wrap(last, room);
    return lines.map((line, index) => `${index === 0 ? head : " ".repeat(indent)}${line}`.trimEnd());
  });
}

const pad = (text: string, width: number): string => text + " ".repeat(Math.max(0, width - columns(text)));
