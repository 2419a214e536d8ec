/** Puts a graph into layers: each name stands above all that it imports. Pure, and the same for the same graph. */
import type { Graph } from "./imports.ts";

export interface Edge {
  readonly from: string;
  readonly to: string;
  /** It leads upwards: without it there would be no circle. */
  readonly back: boolean;
}

export interface Layers {
  /** The uppermost first. */
  readonly rows: readonly (readonly string[])[];
  /** Those that do not follow from others. */
  readonly edges: readonly Edge[];
}

/**
 * @param exceptions imports that count for no layer, as `FROM → TO`. Throws where a circle is left.
 */
export function layersOf(graph: Graph, exceptions: readonly string[] = []): Layers {
  const isBack = (from: string, to: string): boolean => exceptions.includes(`${from} → ${to}`);
  const below = new Map(
    [...graph].map(([from, targets]) => [from, [...targets].filter((to) => !isBack(from, to))] as const),
  );
  const levels = levelsOf(below);
  const edges = reduced(below).map((edge) => ({ ...edge, back: false }));
  const back = [...graph].flatMap(([from, targets]) =>
    [...targets].filter((to) => isBack(from, to)).map((to) => ({ from, to, back: true })),
  );
  const height = Math.max(...levels.values()) + 1;
  const rows = Array.from({ length: height }, (_, row) =>
    [...levels].filter(([, level]) => level === height - 1 - row).map(([name]) => name),
  );
  return { rows: ordered(rows, edges), edges: [...edges, ...back] };
}

type Below = ReadonlyMap<string, readonly string[]>;

/** Of a name that imports nothing 0, of any other one more than the highest below it. */
function levelsOf(below: Below): ReadonlyMap<string, number> {
  const levels = new Map<string, number>();
  const levelOf = (name: string, above: readonly string[]): number => {
    if (above.includes(name)) throw new Error(`a circle: ${[...above, name].join(" → ")}`);
    const known = levels.get(name);
    if (known !== undefined) return known;
    const level = Math.max(-1, ...(below.get(name) ?? []).map((target) => levelOf(target, [...above, name]))) + 1;
    levels.set(name, level);
    return level;
  };
  for (const name of [...below.keys()].toSorted()) levelOf(name, []);
  return levels;
}

/** What one can reach by another way is left out. */
function reduced(below: Below): readonly { from: string; to: string }[] {
  const reach = (name: string): ReadonlySet<string> => {
    const found = new Set<string>();
    const visit = (at: string): void => {
      for (const target of below.get(at) ?? []) {
        if (found.has(target)) continue;
        found.add(target);
        visit(target);
      }
    };
    visit(name);
    return found;
  };
  return [...below].flatMap(([from, targets]) =>
    targets.filter((to) => !targets.some((other) => other !== to && reach(other).has(to))).map((to) => ({ from, to })),
  );
}

const SWEEPS = 8;

/** Names stand near those that they are joined with, so that few lines cross. */
function ordered(rows: readonly (readonly string[])[], edges: readonly { from: string; to: string }[]): string[][] {
  const order = rows.map((row) => row.toSorted());
  const place = new Map<string, number>();
  const note = (row: readonly string[]): void =>
    row.forEach((name, index) => void place.set(name, (index + 0.5) / row.length));
  order.forEach(note);
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    for (const row of sweep % 2 === 0 ? order : order.toReversed()) {
      const centre = (name: string): number => {
        const joined = edges.flatMap(({ from, to }) => (from === name ? [to] : to === name ? [from] : []));
        const places = joined.map((other) => place.get(other) ?? 0.5);
        return places.length === 0 ? (place.get(name) ?? 0.5) : places.reduce((sum, at) => sum + at, 0) / places.length;
      };
      row.sort((a, b) => centre(a) - centre(b) || (a < b ? -1 : 1));
      note(row);
    }
  }
  return order;
}
