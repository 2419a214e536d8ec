/** A suggestion as a policy file with its reasons: what the operator reads, changes and applies. Pure. */
import {
  Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  visit,
  type YAMLMap,
  type YAMLSeq,
} from "yaml";
import { type KubeconfigSeen, meaningOf } from "./meaning.ts";
import type { SuggestedRule, Suggestion } from "./suggest.ts";

export interface PrintOptions {
  /** The present file with its comments; null: there is none. */
  readonly document: Document | null;
  /** Lines of the head, without `#`; one that begins with a space is not wrapped. */
  readonly head: readonly string[];
  readonly seen: (kubeconfig: string) => KubeconfigSeen;
}

/** Begins what the operator is to look at before a rule is applied. */
export const MARK = "LOOK:";
/** Columns of a comment. */
const WIDTH = 110;
/** Agents that one rule names; the others are counted. */
const MOST_NAMES = 8;

export function printSuggestion({ rules, leftOut, file }: Suggestion, options: PrintOptions): string {
  const document = writable(options.document);
  for (const rule of rules) {
    const { opens, danger } = meaningOf(rule.grant, rule.companies, options.seen);
    const words = [`${named(rule.neededBy)}. ${opens}`, ...(danger ? [`${MARK} ${danger}`] : [])];
    write(
      document,
      rule,
      words
        .flatMap(wrapped)
        .map((line) => ` ${line}`)
        .join("\n"),
    );
  }
  const head = [
    ...options.head,
    ...(leftOut.length > 0 ? ["", "These do not go on, whatever the policy says; change them:"] : []),
    ...leftOut.flatMap(({ agent, reasons }) => reasons.map((reason) => `- ${agent.label}: ${reason}`)),
  ];
  const body = Object.keys(file).length === 0 ? "{}\n" : document.toString({ lineWidth: 0 });
  return `${comment(head)}\n${body}`;
}

/** As lines of a comment. What stands in them is foreign: no line of it leaves the comment. */
export function comment(lines: readonly string[]): string {
  return lines
    .flatMap((line) => (line.startsWith(" ") ? [line] : wrapped(line)))
    .map((line) => (line === "" || line.startsWith(" ") ? `#${line}` : `# ${line}`))
    .join("\n")
    .concat("\n");
}

function named(labels: readonly string[]): string {
  const some = labels.slice(0, MOST_NAMES).join(", ");
  const more = labels.length - MOST_NAMES;
  return `For ${some}${more > 0 ? ` and ${more} more` : ""}`;
}

/** Comments of the operator's stay; where one value stands for several places they go, for a rule must stand alone. */
function writable(present: Document | null): Document {
  if (present === null) return new Document({});
  let hasAlias = false;
  visit(present, (_, node) => {
    if (isAlias(node)) hasAlias = true;
  });
  if (hasAlias) return new Document(present.toJS());
  const copy = present.clone();
  if (!isMap(copy.contents)) return new Document({});
  return copy as Document;
}

function write(document: Document, { grant: { path, value, isList } }: SuggestedRule, words: string): void {
  let map = document.contents as unknown as YAMLMap;
  map.flow = false;
  for (const key of path.slice(0, -1)) {
    const inner: unknown = map.get(key, true);
    const next = isMap(inner) ? inner : (document.createNode({}) as YAMLMap);
    if (next !== inner) map.set(key, next);
    next.flow = false;
    map = next;
  }
  const key = path.at(-1) ?? "";
  const node = document.createNode(value, { flow: true }) as Node;
  if (isList) {
    const present: unknown = map.get(key, true);
    const list = isSeq(present) ? present : (document.createNode([]) as YAMLSeq);
    if (list !== present) map.set(key, list);
    list.flow = false;
    node.commentBefore = words;
    list.items.push(node);
    return;
  }
  map.set(document.createNode(key), node);
  const pair = map.items.find((item: Pair) => isScalar(item.key) && item.key.value === key);
  if (pair && isScalar(pair.key)) pair.key.commentBefore = words;
}

function wrapped(text: string): string[] {
  if (text === "") return [""];
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
