/** Who imports whom, folder by folder, read from the sources. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** Names, each with those that it imports. */
export type Graph = ReadonlyMap<string, ReadonlySet<string>>;

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Each import of each file below `folder`, as paths from the root. */
function importsBelow(folder: string): readonly (readonly [from: string, to: string])[] {
  const files = readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => join(folder, name))
    .toSorted();
  return files.flatMap((file) =>
    [...readFileSync(join(root, file), "utf8").matchAll(/(?:from|import)\s*\(?\s*"(\.[^"]+)"/g)].map(
      ([, path = ""]) => [file, join(dirname(file), path)] as const,
    ),
  );
}

/** @param nameOf of a file; null = it is left out */
export function graphOf(folder: string, nameOf: (file: string) => string | null): Graph {
  const graph = new Map<string, Set<string>>();
  const node = (name: string): Set<string> => {
    const known = graph.get(name) ?? new Set();
    graph.set(name, known);
    return known;
  };
  for (const [file, target] of importsBelow(folder)) {
    const [from, to] = [nameOf(file), nameOf(target)];
    if (from === null) continue;
    node(from);
    if (to === null || from === to) continue;
    node(to);
    node(from).add(to);
  }
  return graph;
}
