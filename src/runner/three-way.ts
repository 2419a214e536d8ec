import { isObject, type Json } from "./json-line.ts";

/** How deep single keys are merged; what lies deeper is replaced whole. Claude Code's file has `projects.PATH.KEY`. */
const DEPTH = 3;

/**
 * `theirs` with what `mine` changed or added since `base`, key by key, so that writers of different keys lose nothing.
 * Nothing is removed: a Claude Code that began with defaults, or lost its login, must not take along what others have.
 */
export function mergeThreeWay(base: Json, mine: Json, theirs: Json): Json {
  return merge(base, mine, theirs, DEPTH);
}

function merge(base: Json, mine: Json, theirs: Json, depth: number): Json {
  const merged = new Map(Object.entries(theirs));
  const before = new Map(Object.entries(base));
  for (const [key, value] of Object.entries(mine)) {
    const [old, other] = [before.get(key), merged.get(key)];
    if (isSame(old, value)) continue;
    const deeper = depth > 1 && isObject(value) && isObject(other);
    merged.set(key, deeper ? merge(isObject(old) ? old : {}, value, other, depth - 1) : value);
  }
  return Object.fromEntries(merged);
}

const isSame = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);
