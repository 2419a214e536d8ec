/** Since when Paperclip denies the tokens of which Jobs. Of this process. */

/** Milliseconds for which a denial is nobody's concern: a server that starts refuses what it will soon allow. */
const PASSES_WITHIN_MS = 60_000;
/** The newest ones. */
const MAX_DENIALS = 1000;

/** Uid of the Job → milliseconds since 1970. */
const since = new Map<string, number>();

/** Notes what the last look at a Job has shown. True when Paperclip has denied its tokens for as long as that may pass. */
export function isDeniedForLong(uid: string, denied: boolean, now: number): boolean {
  const before = since.get(uid);
  if (!denied) {
    since.delete(uid);
    return false;
  }
  if (before !== undefined) return now - before >= PASSES_WITHIN_MS;
  const [oldest] = since.keys();
  if (since.size >= MAX_DENIALS && oldest !== undefined) since.delete(oldest);
  since.set(uid, now);
  return false;
}
