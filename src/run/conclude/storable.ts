/**
 * The same value with texts that Paperclip's database takes: Postgres refuses a NUL, and in JSON half a surrogate pair too,
 * and with them the whole outcome of the run. An agent may print either; a cut may leave the latter.
 */
export function storable<T>(value: T): T {
  return walk(value) as T;
}

function walk(value: unknown): unknown {
  if (typeof value === "string") return value.toWellFormed().replaceAll("\0", "�");
  if (Array.isArray(value)) return value.map(walk);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [walk(key), walk(inner)]));
}
