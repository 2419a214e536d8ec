/** Reading of untrusted JSON: a value of another type counts as absent. */

export type Json = Readonly<Record<string, unknown>>;

export function asObject(value: unknown): Json | null {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : null;
}

export function asArray(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** A string, cut to `max` characters. */
export function asText(value: unknown, max = 2048): string | null {
  return typeof value === "string" ? firstChars(value, max) : null;
}

export function asNumber(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

/** A number of tokens, turns or dollars: never below zero. */
export function asAmount(value: unknown): number | null {
  const number = asNumber(value);
  return number !== null && number >= 0 ? number : null;
}

export function asBoolean(value: unknown): boolean | null {
  return typeof value === "boolean" ? value : null;
}

/** The first `max` UTF-16 units, without half a surrogate pair at the cut. */
export function firstChars(text: string, max: number): string {
  if (text.length <= max) return text;
  const cut = isHigh(text.charCodeAt(max - 1)) ? max - 1 : max;
  return text.slice(0, cut);
}

/** The last `max` UTF-16 units, without half a surrogate pair at the cut. */
export function lastChars(text: string, max: number): string {
  if (text.length <= max) return text;
  const start = text.length - max;
  return text.slice(isHigh(text.charCodeAt(start - 1)) ? start + 1 : start);
}

function isHigh(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}
