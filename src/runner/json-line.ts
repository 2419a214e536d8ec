export type Json = { readonly [key: string]: unknown };

export const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** A line of stream-json; null when it is no JSON object. */
export function parseObject(line: Buffer): Json | null {
  try {
    const value: unknown = JSON.parse(line.toString("utf8"));
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}
