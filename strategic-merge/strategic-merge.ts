/**
 * Kubernetes' strategic merge patch, as `kubectl patch` and the typed clients send it. The adapter merges the operator's pod
 * templates with it, and the devcluster the patches of its clients; this folder imports neither
 * (docs/decisions/0021-one-strategic-merge.md).
 */
import { isDeepStrictEqual } from "node:util";
import { MERGE_KEYS, mergeKeyOf, SETS } from "./merge-keys.ts";

export { MERGE_KEYS, mergeKeyOf, SETS } from "./merge-keys.ts";

type Plain = Record<string, unknown>;

/** The patch cannot be applied; the message is the API server's. */
export class MergeError extends Error {
  override readonly name = "MergeError";
}

/** Choosing another member of these drops what the patch does not retain. */
const RETAIN = "$retainKeys";
const DELETE_FROM_SET = "$deleteFromPrimitiveList/";
const ORDER = "$setElementOrder/";

/** Neither argument is changed; the result shares parts with both. Throws MergeError. */
export function strategicMerge(target: Plain, patch: Plain): Plain {
  if (patch.$patch === "replace") return withoutDirectives(patch);
  requireDirective(patch);
  let out: Plain = { ...target };
  if (Array.isArray(patch[RETAIN])) {
    const keep = patch[RETAIN].map(String);
    out = Object.fromEntries(Object.entries(out).filter(([key]) => keep.includes(key)));
  }
  for (const [key, value] of Object.entries(patch)) {
    if (key.startsWith(DELETE_FROM_SET)) {
      const field = key.slice(DELETE_FROM_SET.length);
      const gone = Array.isArray(value) ? value : [];
      const left = listOf(out[field]).filter((item) => !gone.includes(item));
      if (left.length === 0) delete out[field];
      else out[field] = left;
    } else if (key.startsWith("$")) {
      // $setElementOrder is applied after the merge; $retainKeys was applied before.
    } else if (value === null) delete out[key];
    else if (Array.isArray(value)) set(out, key, mergedList(key, listOf(out[key]), value));
    else if (isPlain(value)) {
      if (value.$patch === "delete") delete out[key];
      else set(out, key, strategicMerge(isPlain(out[key]) ? out[key] : {}, value));
    } else set(out, key, value);
  }
  for (const [key, value] of Object.entries(patch)) {
    if (key.startsWith(ORDER)) reorder(out, key.slice(ORDER.length), listOf(value));
  }
  return out;
}

function mergedList(field: string, current: readonly unknown[], patch: readonly unknown[]): unknown[] {
  if (SETS.has(field)) return [...current, ...patch.filter((item) => !current.includes(item))];
  const mergeKey = mergeKeyOf(field, patch);
  if (mergeKey === null) return patch.map((item) => (isPlain(item) ? withoutDirectives(item) : item));
  if (patch.some((item) => isPlain(item) && item.$patch === "replace")) {
    return patch.filter((item) => !(isPlain(item) && item.$patch === "replace"));
  }
  const out = [...current];
  for (const item of patch) {
    if (!isPlain(item)) continue;
    if (item[mergeKey] === undefined || item[mergeKey] === null)
      throw new MergeError(`map: ${JSON.stringify(item)} does not contain declared merge key: ${mergeKey}`);
    const at = out.findIndex((other) => isPlain(other) && isDeepStrictEqual(other[mergeKey], item[mergeKey]));
    const existing = out[at];
    if (item.$patch === "delete") {
      if (at !== -1) out.splice(at, 1);
    } else if (isPlain(existing)) out[at] = strategicMerge(existing, item);
    else out.push(strategicMerge({}, item));
  }
  return out;
}

function requireDirective({ $patch }: Plain): void {
  if ($patch === undefined || $patch === "merge" || $patch === "delete") return;
  throw new MergeError(`Unrecognized directive: ${JSON.stringify($patch)}`);
}

function reorder(object: Plain, field: string, order: readonly unknown[]): void {
  const items = object[field];
  if (!Array.isArray(items)) return;
  const mergeKey = MERGE_KEYS[field];
  const rank = (item: unknown): number => {
    const identity = mergeKey !== undefined && isPlain(item) ? item[mergeKey] : item;
    const at = order.findIndex((it) =>
      isDeepStrictEqual(mergeKey !== undefined && isPlain(it) ? it[mergeKey] : it, identity),
    );
    return at === -1 ? order.length : at;
  };
  object[field] = items.toSorted((a, b) => rank(a) - rank(b));
}

/** A key such as `__proto__` is a key like any other. */
function set(object: Plain, key: string, value: unknown): void {
  Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
}

function withoutDirectives(object: Plain): Plain {
  return Object.fromEntries(Object.entries(object).filter(([key]) => !key.startsWith("$")));
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

const isPlain = (value: unknown): value is Plain =>
  typeof value === "object" && value !== null && !Array.isArray(value);
