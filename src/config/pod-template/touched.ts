/** Which places of a pod template a patch changes: what an operator's rule allows or not. */

import { mergeKeyOf } from "../../../strategic-merge/strategic-merge.ts";
import { type Path, type PathStep, textOf } from "./path.ts";
import { TYPES } from "./types.generated.ts";
import { isPlain, itemsOf, type Plain } from "./walk.ts";

export interface Touched {
  readonly path: Path;
  /** Null where the patch takes something away, or changes a whole list. */
  readonly value: string | null;
}

/** Of a patch that has passed `patchProblems`. A directive, such as `$patch: delete`, touches the whole that it stands in. */
export const touchedPlaces = (patch: Plain): readonly Touched[] => ofObject(patch, "PodTemplateSpec", []);

function ofObject(value: Plain, type: string, path: Path, identity?: string): Touched[] {
  const entries = Object.entries(value).filter(([name]) => name !== identity);
  if (entries.length === 0 || entries.some(([name]) => name.startsWith("$"))) return [{ path, value: null }];
  return entries.flatMap(([name, item]) =>
    ofValue(item, TYPES[type]?.[name]?.replace("!", "") ?? "any", [...path, { field: name }]),
  );
}

function ofValue(value: unknown, declared: string, path: Path): Touched[] {
  if (declared.endsWith("{}") && isPlain(value)) {
    const keys = Object.entries(value);
    if (keys.length === 0 || keys.some(([key]) => key.startsWith("$"))) return [{ path, value: null }];
    return keys.map(([key, item]) => ({ path: [...path, { key }], value: scalar(item) }));
  }
  if (declared.endsWith("[]") && Array.isArray(value)) {
    const mergeKey = mergeKeyOf(textOf(path.at(-1) ?? { key: "" }), value);
    if (mergeKey === null || value.length === 0) return [{ path, value: null }];
    const isReplaced = value.some((item) => (item as Plain).$patch === "replace");
    if (isReplaced) return [{ path, value: null }];
    const type = declared.slice(0, -2);
    return itemsOf(value, path).flatMap(({ item, at }) => ofObject(item as Plain, type, at, mergeKey));
  }
  return isPlain(value) && Object.hasOwn(TYPES, declared)
    ? ofObject(value, declared, path)
    : [{ path, value: scalar(value) }];
}

const scalar = (value: unknown): string | null => (value === null || typeof value === "object" ? null : String(value));

/**
 * Whether a pattern's path is that place, or one that it lies in.
 *
 * @param matches whether a step of the pattern, which may hold `*`, is that text
 */
export function covers(pattern: Path, path: Path, matches: (pattern: string, text: string) => boolean): boolean {
  const isKind = (one: PathStep, other: PathStep): boolean => "key" in one === "key" in other;
  return pattern.every((step, index) => {
    const at = path[index];
    return at !== undefined && isKind(step, at) && matches(textOf(step), textOf(at));
  });
}
