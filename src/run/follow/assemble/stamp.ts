/**
 * The time stamp that the kubelet puts before each line: RFC 3339 with nine fractional digits and one space after it,
 * `2026-11-22T07:23:14.988051761Z `. A node whose container runtime runs in another time zone writes an offset
 * (`+02:00`) in place of the `Z`.
 */

const ZERO = 0x30;
const NINE = 0x39;
const DASH = 0x2d;
const COLON = 0x3a;
const DOT = 0x2e;
const SPACE = 0x20;
const UPPER_T = 0x54;
const UPPER_Z = 0x5a;
const PLUS = 0x2b;

const DATE_TIME = "2026-11-22T07:23:14".length;
const UTC_STAMP = "2026-11-22T07:23:14.988051761Z".length;
const OFFSET_STAMP = "2026-11-22T07:23:14.988051761+02:00".length;

/** Where the text after the stamp begins, when `bytes` has a stamp at `start` within `end`; -1 otherwise. */
export function skipStamp(bytes: Uint8Array, start: number, end: number): number {
  if (end - start <= UTC_STAMP) return -1;
  if (bytes[start + 4] !== DASH || bytes[start + 7] !== DASH || bytes[start + 10] !== UPPER_T) return -1;
  if (bytes[start + 13] !== COLON || bytes[start + 16] !== COLON || bytes[start + DATE_TIME] !== DOT) return -1;
  for (let at = start; at < start + UTC_STAMP - 1; at++) {
    const byte = bytes[at] ?? 0;
    if (byte >= ZERO && byte <= NINE) continue;
    if (byte !== DASH && byte !== COLON && byte !== UPPER_T && byte !== DOT) return -1;
  }
  const zone = bytes[start + UTC_STAMP - 1];
  if (zone === UPPER_Z) return bytes[start + UTC_STAMP] === SPACE ? start + UTC_STAMP + 1 : -1;
  if ((zone !== PLUS && zone !== DASH) || end - start <= OFFSET_STAMP) return -1;
  return bytes[start + OFFSET_STAMP] === SPACE ? start + OFFSET_STAMP + 1 : -1;
}

/** The stamp at `start` as text, without its space; null when there is none. */
export function stampAt(bytes: Buffer, start: number): string | null {
  const text = skipStamp(bytes, start, bytes.length);
  return text < 0 ? null : bytes.toString("latin1", start, text - 1);
}

/** The second of a stamp since 1970, cut as the API server cuts `sinceTime`; null when it is not a time. */
export function secondOf(stamp: string): number | null {
  const zone = stamp.slice(UTC_STAMP - 1);
  const ms = Date.parse(`${stamp.slice(0, DATE_TIME)}${zone}`);
  return Number.isNaN(ms) ? null : Math.floor(ms / 1000);
}

/** A `sinceTime` for a whole second since 1970. */
export function sinceTime(second: number): string {
  return `${new Date(Math.max(0, second) * 1000).toISOString().slice(0, DATE_TIME)}Z`;
}
