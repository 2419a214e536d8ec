/** How what a process uses grows with its runs: each measure beside a line through its first point that is as steep as linear growth. */
import type { Measure } from "./growth.ts";
import type { Living } from "./living.ts";

const WIDTH = 720;
const HEIGHT = 420;
const LEFT = 60;
const RIGHT = 170;
const TOP = 30;
const BOTTOM = 50;

export const SERIES: readonly (Measure & { readonly colour: string })[] = [
  { name: "cores × 1000", of: ({ measured }) => (1000 * measured.cpuMs) / measured.wallMs, colour: "#c0392b" },
  { name: "RSS, MB", of: ({ measured }) => measured.rssMb, colour: "#2471a3" },
  { name: "heap, MB", of: ({ measured }) => measured.heapMb, colour: "#17a589" },
  { name: "event loop p99, ms", of: ({ measured }) => measured.loop.p99, colour: "#b9770e" },
  { name: "delay p99, ms", of: ({ measured }) => measured.delay.p99, colour: "#7d3c98" },
];

/** An SVG with both axes logarithmic. */
export function plot(steps: readonly Living[]): string {
  const most = Math.max(...steps.map(({ runs }) => runs));
  const values = SERIES.flatMap(({ of }) => steps.map(of));
  const [low, high] = [Math.max(0.05, Math.min(...values)), Math.max(...values)];
  const decades = { from: Math.floor(Math.log10(low)), to: Math.ceil(Math.log10(high)) };
  const x = (runs: number): number => LEFT + ((WIDTH - LEFT - RIGHT) * Math.log10(runs)) / Math.log10(most);
  const y = (value: number): number => {
    const share = (Math.log10(Math.max(value, 10 ** decades.from)) - decades.from) / (decades.to - decades.from);
    return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * share;
  };
  const lines = SERIES.map(({ name, of, colour }, index) => {
    const points = steps.map((step) => `${x(step.runs).toFixed(1)},${y(of(step)).toFixed(1)}`).join(" ");
    const key = TOP + 20 + index * 22;
    return `<polyline points="${points}" fill="none" stroke="${colour}" stroke-width="2"/>
<text x="${WIDTH - RIGHT + 14}" y="${key}" fill="${colour}">${name}</text>`;
  });
  const ticksX = steps.map(
    ({ runs }) => `<text x="${x(runs)}" y="${HEIGHT - BOTTOM + 18}" text-anchor="middle">${runs}</text>`,
  );
  const ticksY = Array.from({ length: decades.to - decades.from + 1 }, (_, index) => {
    const value = 10 ** (decades.from + index);
    const at = y(value).toFixed(1);
    return `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${at}" y2="${at}" stroke="#ddd"/><text x="${LEFT - 6}" y="${at}" dy="4" text-anchor="end">${value}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12" role="img">
<title>What living runs cost, by their number</title>
<rect width="100%" height="100%" fill="white"/>
${ticksY.join("\n")}
${linear(x, y, most, decades)}
${lines.join("\n")}
${ticksX.join("\n")}
<text x="${(LEFT + WIDTH - RIGHT) / 2}" y="${HEIGHT - 10}" text-anchor="middle">living runs in one process, a line a second each</text>
</svg>
`;
}

/** The slope of what is proportional to the runs, as far as there is room for it. */
function linear(
  x: (runs: number) => number,
  y: (value: number) => number,
  most: number,
  decades: { from: number; to: number },
): string {
  const start = 10 ** decades.from;
  const last = Math.min(most, 10 ** (decades.to - decades.from));
  return `<line x1="${x(1)}" y1="${y(start)}" x2="${x(last)}" y2="${y(start * last)}" stroke="#888" stroke-dasharray="4 4"/>
<text x="${WIDTH - RIGHT + 14}" y="${TOP + 20 + SERIES.length * 22}" fill="#888">- - proportional</text>`;
}
