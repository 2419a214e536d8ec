import type { Random } from "../clock.ts";

export interface BackoffOptions {
  /** Ceiling of the first wait, milliseconds. @default 250 */
  readonly baseMs?: number;
  /** Ceiling of every wait, milliseconds. @default 15000 */
  readonly capMs?: number;
}

/**
 * Full jitter: anything between nothing and a ceiling that doubles, so that many clients of a server that comes back do
 * not return in step. `attempt` counts from 0.
 */
export function fullJitter(attempt: number, random: Random, options: BackoffOptions = {}): number {
  const { baseMs = 250, capMs = 15_000 } = options;
  const ceiling = Math.min(capMs, baseMs * 2 ** Math.min(attempt, 30));
  return Math.round(random() * ceiling);
}

/**
 * The longest Retry-After that is honoured, milliseconds. The API server sends 1 to 5 seconds; a date read by a clock that
 * is hours off, or a proxy in maintenance, must not delay the end of a run.
 */
const LONGEST_RETRY_AFTER_MS = 60_000;

/** `Retry-After` as milliseconds from now (RFC 9110: seconds or a date); undefined when absent or not understood. */
export function retryAfterMs(header: string | string[] | undefined, now: number): number | undefined {
  const value = Array.isArray(header) ? header[0] : header;
  if (value === undefined) return undefined;
  if (/^\s*\d{1,9}\s*$/.test(value)) return boundRetryAfter(Number(value) * 1000);
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : boundRetryAfter(date - now);
}

export function boundRetryAfter(ms: number): number {
  return Math.min(LONGEST_RETRY_AFTER_MS, Math.max(0, ms));
}
