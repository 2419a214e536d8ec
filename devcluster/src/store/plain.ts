/** Helpers for plain JSON values: the store never hands out anything that a reader could change. */

export type Plain = Record<string, unknown>;

export function isPlain(value: unknown): value is Plain {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The value when it is an object, else an empty one: for reading through optional parents. */
export function plain(value: unknown): Plain {
  return isPlain(value) ? value : {};
}

/** The object in a field, made when it is not there. */
export function child(parent: Plain, field: string): Plain {
  const value = parent[field];
  if (isPlain(value)) return value;
  const made: Plain = {};
  parent[field] = made;
  return made;
}

export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/**
 * A copy that may be changed. JSON values only, which is all that an API server holds: `structuredClone` knows more, and takes
 * several times as long (measured: a fifth of a busy cluster's CPU).
 */
export function clone<T>(value: T): T {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(clone) as T;
  const copy: Plain = {};
  for (const key in value) copy[key] = clone(value[key]);
  return copy as T;
}

export function deepFreeze<T>(value: T): T {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const key in value) deepFreeze(value[key]);
  return value;
}

export function deepEqual(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((item, i) => deepEqual(item, b[i]));
  }
  if (!isPlain(a) || !isPlain(b)) return false;
  const keys = Object.keys(a).filter((key) => a[key] !== undefined);
  if (keys.length !== Object.keys(b).filter((key) => b[key] !== undefined).length) return false;
  return keys.every((key) => deepEqual(a[key], b[key]));
}
