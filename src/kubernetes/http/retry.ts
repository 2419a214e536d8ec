import { ApiError } from "../api-error.ts";
import type { Clock, Random } from "../clock.ts";
import { fullJitter } from "./backoff.ts";

export interface RetryOptions {
  /** Milliseconds from the first attempt after which none is started any more. What an attempt waited for its turn is added. */
  readonly totalMs: number;
  /** True when doing it twice is the same as doing it once. */
  readonly repeatable: boolean;
  readonly clock: Clock;
  readonly random: Random;
  readonly signal: AbortSignal | undefined;
  /** Called before each wait for another attempt. */
  readonly onRetry?: (error: ApiError) => void;
}

/** @param waited to be told, once it is its turn, how many milliseconds it waited for that */
export type Attempt<R> = (waited: (ms: number) => void) => Promise<R>;

/**
 * Repeats a call while its failure is transient. A call that may have been carried out is repeated only when that is
 * idempotent. The error that is finally thrown is `ambiguous` when any attempt was.
 */
export async function retry<R>(attempt: Attempt<R>, options: RetryOptions): Promise<R> {
  const { clock, random, signal } = options;
  let end = clock.now() + options.totalMs;
  const waited = (ms: number): void => {
    end += ms;
  };
  let ambiguous = false;
  let doubtedSince: number | null = null;
  for (let count = 0; ; count++) {
    try {
      return await attempt(waited);
    } catch (thrown) {
      if (!(thrown instanceof ApiError) || signal?.aborted) throw thrown;
      ambiguous ||= thrown.ambiguous;
      const error = ambiguous && !thrown.ambiguous ? thrown.asAmbiguous() : thrown;
      const doubtMs = doubtMsOf(error);
      const mayPass = isTransient(error) || error.unauthorized || error.deniesRight;
      if (!mayPass || (error.ambiguous && !options.repeatable)) throw error;
      doubtedSince = doubtMs === null ? null : (doubtedSince ?? clock.now());
      const last = doubtedSince === null ? end : Math.min(end, doubtedSince + (doubtMs ?? 0));
      // Never before the server's Retry-After; jittered beyond it, so that clients do not return together.
      const wait = (error.retryAfterMs ?? 0) + fullJitter(count, random);
      if (clock.now() + wait > last) throw error;
      options.onRetry?.(error);
      await clock.sleep(wait, signal);
    }
  }
}

/** Milliseconds for which a failing exec plugin or identity provider is retried. */
const CREDENTIALS_MS = 15_000;
/** Milliseconds for which a missing right is doubted: an API server that has just started refuses what it will soon allow. */
const DENIED_RIGHT_MS = 5_000;

/**
 * Milliseconds for which a 401 is doubted: a token is being rotated, a webhook of the API server that knows tokens is away.
 * Longer than the transport waits before it asks for new credentials a second time.
 */
const UNAUTHORIZED_MS = 40_000;

/** Milliseconds for which an error that is likely to be final is doubted; null: it is none of these. */
export function doubtMsOf(error: ApiError): number | null {
  if (error.kind === "credentials") return CREDENTIALS_MS;
  if (error.unauthorized) return UNAUTHORIZED_MS;
  return error.deniesRight ? DENIED_RIGHT_MS : null;
}

/** Whether the same call may succeed later without anybody changing anything. */
export function isTransient(error: ApiError): boolean {
  if (error.kind === "timeout") return true;
  if (error.kind === "unreachable" || error.kind === "credentials") return error.transient;
  if (error.kind !== "status" || error.status === undefined) return false;
  // A 500 of etcd that no retry mends (measured: an object over 1.5 MiB).
  if (error.detail.includes("request is too large")) return false;
  // An admission plugin of an API server that has just started: it has not read its own objects yet.
  if (error.forbidden && error.detail.includes("not yet ready to handle request")) return true;
  return error.status === 429 || [500, 502, 503, 504].includes(error.status);
}
