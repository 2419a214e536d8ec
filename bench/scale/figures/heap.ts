/** What is on a heap, by kind: of two snapshots of one process, what there is more of in the second. */
import { readFile } from "node:fs/promises";

export interface Kind {
  objects: number;
  bytes: number;
}

export interface Grown extends Kind {
  readonly name: string;
}

interface Snapshot {
  readonly snapshot: {
    readonly meta: { readonly node_fields: string[]; readonly node_types: [string[], ...unknown[]] };
  };
  readonly nodes: number[];
  readonly strings: string[];
}

/** Each of these has a name of its own, which says nothing of its kind. */
const NAMELESS = new Set([
  "string",
  "concatenated string",
  "sliced string",
  "number",
  "bigint",
  "symbol",
  "code",
  "regexp",
]);

export async function readHeap(file: string): Promise<Map<string, Kind>> {
  const { snapshot, nodes, strings } = JSON.parse(await readFile(file, "utf8")) as Snapshot;
  const fields = snapshot.meta.node_fields;
  const [typeAt, nameAt, sizeAt] = ["type", "name", "self_size"].map((field) => fields.indexOf(field)) as [
    number,
    number,
    number,
  ];
  const [types] = snapshot.meta.node_types;
  const kinds = new Map<string, Kind>();
  for (let at = 0; at < nodes.length; at += fields.length) {
    const type = types[nodes[at + typeAt] ?? 0] ?? "";
    const name = NAMELESS.has(type) ? type : `${type} ${strings[nodes[at + nameAt] ?? 0]?.slice(0, 60)}`;
    const kind = kinds.get(name) ?? { objects: 0, bytes: 0 };
    kind.objects += 1;
    kind.bytes += nodes[at + sizeAt] ?? 0;
    kinds.set(name, kind);
  }
  return kinds;
}

/** The kinds that have grown by a hundred objects or ten kilobytes, the largest first. */
export function grownBetween(before: ReadonlyMap<string, Kind>, after: ReadonlyMap<string, Kind>): Grown[] {
  return [...after]
    .map(([name, { objects, bytes }]) => {
      const was = before.get(name) ?? { objects: 0, bytes: 0 };
      return { name, objects: objects - was.objects, bytes: bytes - was.bytes };
    })
    .filter(({ objects, bytes }) => objects >= 100 || bytes >= 10_000)
    .sort((a, b) => b.bytes - a.bytes);
}
