import { setTimeout } from "node:timers/promises";

/** How often a drain looks. */
const POLL_MS = 100;
/** It gives up when no byte came for so long, */
const SILENCE_MS = 2_000;
/** or after so long in all, */
const TIMEOUT_MS = 10_000;
/** or after more than the kernel can hold of the agent's own last words (some 200 KB by default). */
const MAX_BYTES = 8 * 1024 * 1024;

/**
 * Waits, after the agent's end, for the end of its pipes; but a background process that the agent left behind may hold
 * them open for ever, or write for ever. What the agent itself wrote is in the pipes already, and is read in any case,
 * even if the log stands still.
 */
export async function drained(
  closed: Promise<void>,
  bytesRead: () => number,
  wait: (milliseconds: number) => Promise<void> = setTimeout,
): Promise<void> {
  let ended = false;
  const end = closed.then(() => {
    ended = true;
  });
  const first = bytesRead();
  let seen = first;
  for (let total = 0, silent = 0; total < TIMEOUT_MS && silent < SILENCE_MS; total += POLL_MS) {
    await Promise.race([end, wait(POLL_MS)]);
    const now = bytesRead();
    if (ended || now - first > MAX_BYTES) return;
    silent = now === seen ? silent + POLL_MS : 0;
    seen = now;
  }
}
