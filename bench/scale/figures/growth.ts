/** How a measure grows with the runs: `fixed + each * runs ** exponent`, fitted. An exponent of 1 is proportional growth. */
import type { Living } from "./living.ts";

export interface Growth {
  readonly fixed: number;
  readonly each: number;
  readonly exponent: number;
  /** The largest deviation of a point from the curve, as a share of the point. */
  readonly deviation: number;
}

export interface Point {
  readonly runs: number;
  readonly value: number;
}

/** Hundredths. */
const EXPONENTS = { from: 30, to: 200 };

/** The curve whose relative errors have the least squares, with neither part below 0. Needs three points with values above 0. */
export function growthOf(points: readonly Point[]): Growth {
  let best: Growth | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (let hundredths = EXPONENTS.from; hundredths <= EXPONENTS.to; hundredths++) {
    const exponent = hundredths / 100;
    const { fixed, each } = straight(points.map(({ runs, value }) => ({ x: runs ** exponent, value })));
    const errors = points.map(({ runs, value }) => Math.abs(fixed + each * runs ** exponent - value) / value);
    const squares = errors.reduce((sum, error) => sum + error * error, 0);
    if (squares >= least) continue;
    least = squares;
    best = { fixed, each, exponent, deviation: Math.max(...errors) };
  }
  if (!best) throw new Error("no curve fits what has no points, or points of no value");
  return best;
}

/** The line through points, each weighed by the inverse of its value. */
function straight(points: readonly { readonly x: number; readonly value: number }[]): { fixed: number; each: number } {
  const weighed = points.map(({ x, value }) => ({ one: 1 / value, x: x / value }));
  const sum = (of: (point: { one: number; x: number }) => number): number =>
    weighed.reduce((total, point) => total + of(point), 0);
  const [ones, mixed, xs] = [sum(({ one }) => one * one), sum(({ one, x }) => one * x), sum(({ x }) => x * x)];
  const [y, xy] = [sum(({ one }) => one), sum(({ x }) => x)];
  const determinant = ones * xs - mixed * mixed;
  const fixed = (y * xs - xy * mixed) / determinant;
  const each = (ones * xy - mixed * y) / determinant;
  if (fixed < 0) return { fixed: 0, each: xy / xs };
  return each < 0 ? { fixed: y / ones, each: 0 } : { fixed, each };
}

export interface Measure {
  readonly name: string;
  readonly of: (living: Living) => number;
}

export const GROWTH_HEAD = ["measure", "at rest", "and a run", "to the power of", "points off by at most %"];

/** A row for each measure that has a value at each step: how it grows over them. */
export function growthRows(steps: readonly Living[], measures: readonly Measure[]): string[][] {
  return measures.flatMap(({ name, of }) => {
    const points = steps.map((step) => ({ runs: step.runs, value: of(step) }));
    if (points.some(({ value }) => !(value > 0))) return [];
    const { fixed, each, exponent, deviation } = growthOf(points);
    const row = [name, fixed.toPrecision(3), each.toPrecision(2), exponent.toFixed(2), (100 * deviation).toFixed(0)];
    return [row];
  });
}
