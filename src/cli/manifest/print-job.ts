/** A Job as YAML, each part with a word on whose it is where that is not as the part around it. */
import { Document, isMap, isScalar, isSeq, type Node } from "yaml";
import { itemKey, type Origins, pathKey } from "../../run/plan/plan.ts";

export function printJob(job: object, origins: Origins): string {
  const document = new Document(job, { aliasDuplicateObjects: false });
  annotate(document.contents, [], "the adapter", { origins, value: job });
  return document.toString({ lineWidth: 0 });
}

interface Place {
  readonly origins: Origins;
  readonly value: unknown;
}

function annotate(node: unknown, path: readonly string[], from: string, { origins, value }: Place): void {
  if (isMap(node)) {
    for (const pair of node.items) {
      const key = String(isScalar(pair.key) ? pair.key.value : pair.key);
      const inner = (value as Record<string, unknown>)[key];
      comment(pair.value as Node | null, [...path, key], from, { origins, value: inner });
    }
  } else if (isSeq(node)) {
    const list = value as readonly unknown[];
    for (const [index, item] of node.items.entries())
      comment(item as Node, [...path, itemKey(path.at(-1) ?? "", list, index)], from, { origins, value: list[index] });
  }
}

function comment(node: Node | null, path: readonly string[], from: string, place: Place): void {
  const origin = place.origins.get(pathKey(path)) ?? from;
  if (origin !== from && node) {
    if (isScalar(node)) node.comment = ` ${origin}`;
    else node.commentBefore = ` ${origin}`;
  }
  annotate(node, path, origin, place);
}
