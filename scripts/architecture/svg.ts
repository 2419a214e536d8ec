/** Layers as boxes, each above what it imports. */
import type { Layers } from "./layers.ts";

export interface Panel {
  readonly title: string;
  readonly layers: Layers;
  /** Fill of a box, by its name. */
  readonly colorOf: (name: string) => string;
}

/** Pixels. */
const WIDTH = 1040;
const BOX = { height: 30, gap: 16 };
const ROW = 72;
const TITLE = 46;
const CHAR = 8.2;

/** Readable on both of GitHub's backgrounds: the picture brings its own. */
const BACKGROUND = "#0d1117";
const FRAME = "#30363d";
const TEXT = "#e6edf3";
const LINE = "#6e7681";

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
}

function boxesOf({ layers: { rows } }: Panel, top: number): ReadonlyMap<string, Box> {
  const boxes = new Map<string, Box>();
  for (const [index, row] of rows.entries()) {
    const widths = row.map((name) => Math.ceil(name.length * CHAR) + 24);
    const free = WIDTH - widths.reduce((sum, width) => sum + width, 0);
    const gap = Math.max(BOX.gap, free / (row.length + 1));
    let x = (free - gap * (row.length - 1)) / 2;
    for (const [column, name] of row.entries()) {
      const width = widths[column] ?? 0;
      boxes.set(name, { x: Math.round(x), y: top + index * ROW, width });
      x += width + gap;
    }
  }
  return boxes;
}

/** Of a line that would lie on another one, pixels. */
const ASIDE = 14;
const DASHED = ' stroke-dasharray="4 4"';

function curve(above: Box, below: Box, aside: number): string {
  const [x1, y1] = [above.x + above.width / 2 + aside, above.y + BOX.height];
  const [x2, y2] = [below.x + below.width / 2 + aside, below.y];
  const bend = Math.round((y2 - y1) / 2);
  return `M${x1} ${y1} C${x1} ${y1 + bend} ${x2} ${y2 - bend} ${x2} ${y2}`;
}

function panelSvg(panel: Panel, top: number): string[] {
  const boxes = boxesOf(panel, top + TITLE);
  const lines = panel.layers.edges.flatMap(({ from, to, back }) => {
    const [above, below] = back ? [boxes.get(to), boxes.get(from)] : [boxes.get(from), boxes.get(to)];
    return above && below ? [`<path d="${curve(above, below, back ? ASIDE : 0)}"${back ? DASHED : ""}/>`] : [];
  });
  const shapes = [...boxes].flatMap(([name, { x, y, width }]) => [
    `<rect x="${x}" y="${y}" width="${width}" height="${BOX.height}" rx="6" fill="${panel.colorOf(name)}"/>`,
    `<text x="${x + width / 2}" y="${y + 20}" text-anchor="middle">${name}</text>`,
  ]);
  return [
    `<text x="24" y="${top + 28}" font-size="15" font-weight="bold">${panel.title}</text>`,
    `<g fill="none" stroke="${LINE}" stroke-width="1.2">`,
    ...lines,
    "</g>",
    ...shapes,
  ];
}

export function architectureSvg(title: string, panels: readonly Panel[]): string {
  const heights = panels.map(({ layers }) => TITLE + layers.rows.length * ROW);
  const height = heights.reduce((sum, one) => sum + one, 0) + 8;
  const body = panels.flatMap((panel, index) =>
    panelSvg(
      panel,
      heights.slice(0, index).reduce((sum, one) => sum + one, 0),
    ),
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" role="img">`,
    `<title>${title}</title>`,
    `<rect x="0.5" y="0.5" width="${WIDTH - 1}" height="${height - 1}" rx="10" fill="${BACKGROUND}" stroke="${FRAME}"/>`,
    `<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="13.5" fill="${TEXT}">`,
    ...body,
    "</g>",
    "</svg>",
    "",
  ].join("\n");
}
