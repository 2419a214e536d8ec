import { setTimeout } from "node:timers/promises";

/** How often a drain looks, and when it gives up: no byte for so long, or in all so long. */
const LOOK_MS = 100;
const SILENCE_MS = 2_000;
const LONGEST_MS = 10_000;

/**
 * Waits, after the agent's end, for the end of its pipes; but a background process that the agent left behind may hold
 * them open for ever, so only as long as something arrives. Time during which the runner itself does not read, because
 * the log is slow, does not count: nothing that the agent wrote is given up.
 */
export async function drained(
  closed: Promise<void>,
  output: { bytes(): number; reading(): boolean },
  wait: (milliseconds: number) => Promise<void> = setTimeout,
): Promise<void> {
  let over = false;
  const end = closed.then(() => {
    over = true;
  });
  let silent = 0;
  let total = 0;
  let seen = output.bytes();
  while (!over && silent < SILENCE_MS && total < LONGEST_MS) {
    await Promise.race([end, wait(LOOK_MS)]);
    if (!output.reading()) continue;
    const now = output.bytes();
    silent = now === seen ? silent + LOOK_MS : 0;
    total += LOOK_MS;
    seen = now;
  }
}
