/**
 * The event in a line of the agent's stdout. To parse a line of megabytes holds up the whole server: it is done once, though
 * several ask for the same line one after another, and never beyond a bound.
 */

/** Bytes of the longest line that is looked into; the runner looks into no longer one either. */
export const MAX_EVENT_BYTES = 4 * 1024 * 1024;

/**
 * Bytes from which on a line is remembered. A shorter one is cheap, and lies in a Buffer that is used again (`LineBatch`), by
 * which it cannot be told from the next.
 */
const REMEMBERED_BYTES = 64 * 1024;

let newest: { readonly of: Buffer; readonly event: unknown } | null = null;

/** What JSON a line holds; undefined: none, or the line is too long. The line's bytes must not change during the call's turn. */
export function eventOf(line: Buffer): unknown {
  if (line.length > MAX_EVENT_BYTES) return undefined;
  if (line.length < REMEMBERED_BYTES) return parse(line);
  if (newest && isSame(newest.of, line)) return newest.event;
  const event = parse(line);
  if (newest === null) queueMicrotask(forget);
  newest = { of: line, event };
  return event;
}

/** All who are interested ask in the same turn; an event may take a hundred times the memory of its line. */
function forget(): void {
  newest = null;
}

function isSame(a: Buffer, b: Buffer): boolean {
  return a.buffer === b.buffer && a.byteOffset === b.byteOffset && a.length === b.length;
}

function parse(line: Buffer): unknown {
  try {
    return JSON.parse(line.toString("utf8"));
  } catch {
    return undefined;
  }
}
