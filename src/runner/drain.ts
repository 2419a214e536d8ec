import { setTimeout } from "node:timers/promises";

/** How often a drain looks. */
const LOOK_MS = 100;
/** It gives up when no byte came for so long, */
const SILENCE_MS = 2_000;
/** or after so long in all, */
const LONGEST_MS = 10_000;
/** or after more than the kernel can hold of the agent's own last words (some 200 KB by default). */
const MOST_BYTES = 8 * 1024 * 1024;

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
  let over = false;
  const end = closed.then(() => {
    over = true;
  });
  const first = bytesRead();
  let seen = first;
  for (let total = 0, silent = 0; total < LONGEST_MS && silent < SILENCE_MS; total += LOOK_MS) {
    await Promise.race([end, wait(LOOK_MS)]);
    const now = bytesRead();
    if (over || now - first > MOST_BYTES) return;
    silent = now === seen ? silent + LOOK_MS : 0;
    seen = now;
  }
}
