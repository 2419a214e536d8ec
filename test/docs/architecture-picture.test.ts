/** docs/architecture.svg shows the code's own imports, each folder above those that it imports. */
import { readFile } from "node:fs/promises";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { layersOf } from "../../scripts/architecture/layers.ts";
import { architecture, architecturePath } from "../../scripts/architecture-picture.ts";

it("docs/architecture.svg is what the imports make (npx node scripts/architecture-picture.ts)", async () => {
  expect(await readFile(architecturePath, "utf8")).toBe(architecture());
});

/** Without a circle: a name imports only names that come later. */
const graphs = fc
  .array(fc.uniqueArray(fc.nat(11)), { minLength: 1, maxLength: 12 })
  .map(
    (all) =>
      new Map(
        all.map((targets, at) => [
          `n${at}`,
          new Set(targets.filter((to) => to > at && to < all.length).map((to) => `n${to}`)),
        ]),
      ),
  );

type Graph = ReadonlyMap<string, Iterable<string>>;

function reachable(graph: Graph, from: string): ReadonlySet<string> {
  const found = new Set<string>();
  const visit = (name: string): void => {
    for (const to of graph.get(name) ?? []) {
      if (found.has(to)) continue;
      found.add(to);
      visit(to);
    }
  };
  visit(from);
  return found;
}

describe("layers", () => {
  it("have each name once, above all that it imports, and lines that lead where imports lead and no line too many", () => {
    fc.assert(
      fc.property(graphs, (graph) => {
        const { rows, edges } = layersOf(graph);
        expect(rows.flat().toSorted()).toEqual([...graph.keys()].toSorted());
        const rowOf = (name: string): number => rows.findIndex((row) => row.includes(name));
        for (const [name, targets] of graph) for (const to of targets) expect(rowOf(to)).toBeGreaterThan(rowOf(name));
        const drawn = new Map(
          [...graph.keys()].map((name) => [name, edges.filter(({ from }) => from === name).map(({ to }) => to)]),
        );
        for (const name of graph.keys()) expect(reachable(drawn, name)).toEqual(reachable(graph, name));
        for (const { from, to } of edges) {
          const without = new Map(
            [...drawn].map(([name, all]) => [name, all.filter((one) => name !== from || one !== to)]),
          );
          expect(reachable(without, from).has(to)).toBe(false);
        }
      }),
    );
  });

  it("are refused for a circle, unless one of its imports is an exception", () => {
    const circle = new Map([
      ["a", new Set(["b"])],
      ["b", new Set(["a"])],
    ]);
    expect(() => layersOf(circle)).toThrow("a circle: a → b → a");
    expect(layersOf(circle, ["b → a"])).toEqual({
      rows: [["a"], ["b"]],
      edges: [
        { from: "a", to: "b", back: false },
        { from: "b", to: "a", back: true },
      ],
    });
  });
});
