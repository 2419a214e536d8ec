/** What is wrong in the operator's file, each with its line and the rule. */
import { distance } from "fastest-levenshtein";
import type { Document, LineCounter } from "yaml";
import type { z } from "zod";
import { ruleNames } from "./rule-names.ts";

export interface FileProblem {
  readonly problem: string;
  readonly fix: string;
}

/** More say no more: the first ones are corrected first. */
const MOST = 20;

export function describeIssues(
  issues: readonly z.core.$ZodIssue[],
  document: Document,
  lines: LineCounter,
): readonly FileProblem[] {
  return issues.slice(0, MOST).flatMap((issue) => {
    if (issue.code !== "unrecognized_keys") return [wrongValue(issue, lineOf(issue.path, document, lines))];
    return issue.keys.slice(0, MOST).map((key) => {
      const at = lineOf([...issue.path, key], document, lines);
      return unknownKey(key, issue.path, at);
    });
  });
}

function wrongValue({ path, message }: z.core.$ZodIssue, line: string): FileProblem {
  const rule = path.join(".");
  return {
    problem: `${line}${rule === "" ? message : `${rule} ${message}`}`,
    fix: "Correct it; docs/policy.md has every rule.",
  };
}

function unknownKey(key: string, path: readonly PropertyKey[], line: string): FileProblem {
  const known = ruleNames(path);
  const near = key.length > 64 ? [] : known.filter((name) => distance(name, key) <= 2);
  const rule = [...path, key.slice(0, 64)].join(".");
  const fix = near[0] ? `Did you mean ${near[0]}?` : `Known there: ${known.join(", ")}.`;
  return { problem: `${line}${rule} is no rule`, fix };
}

/** `line 3: `, or nothing where the file does not have it. */
export function lineOf(path: readonly PropertyKey[], document: Document, lines: LineCounter): string {
  for (let length = path.length; length > 0; length--) {
    const line = exactLineOf(path.slice(0, length), document, lines);
    if (line !== null) return `line ${line}: `;
  }
  return "";
}

/** The line of a rule's key; null where the file does not have it. */
export function exactLineOf(path: readonly PropertyKey[], document: Document, lines: LineCounter): number | null {
  const start = keyStart(
    document,
    path.map((key) => (typeof key === "symbol" ? String(key) : key)),
  );
  return start === null ? null : lines.linePos(start).line;
}

/** Where the last key of the path stands in the file. */
function keyStart(document: Document, path: readonly (string | number)[]): number | null {
  const parent: unknown = path.length > 1 ? document.getIn(path.slice(0, -1), true) : document.contents;
  const last = path.at(-1);
  if (typeof last === "number") return startOf(document.getIn(path, true));
  const items = isWithItems(parent) ? parent.items : [];
  for (const item of items) if (isPair(item) && textOf(item.key) === last) return startOf(item.key);
  return null;
}

const isWithItems = (node: unknown): node is { items: unknown[] } =>
  typeof node === "object" && node !== null && Array.isArray((node as { items?: unknown }).items);

const isPair = (item: unknown): item is { key: unknown } => typeof item === "object" && item !== null && "key" in item;

const textOf = (key: unknown): unknown =>
  typeof key === "object" && key !== null && "value" in key ? (key as { value: unknown }).value : key;

function startOf(node: unknown): number | null {
  const range = typeof node === "object" && node !== null ? (node as { range?: readonly number[] }).range : undefined;
  return range?.[0] ?? null;
}
