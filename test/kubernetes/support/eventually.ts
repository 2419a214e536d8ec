import { setTimeout as sleep, setImmediate as turn } from "node:timers/promises";

/** What takes a few turns of the event loop is seen at once; what takes longer costs no processor while it does. */
const TURNS = 50;
const THEN_EVERY_MS = 5;

/**
 * Resolves as soon as the condition holds, or 5 ms later; fails after `limitMs` real milliseconds. For what another
 * process or a socket does.
 */
export async function eventually(condition: () => boolean, what: string, limitMs = 20_000): Promise<void> {
  const end = performance.now() + limitMs;
  for (let looks = 0; !condition(); looks++) {
    if (performance.now() > end) throw new Error(`did not happen within ${limitMs} ms: ${what}`);
    await (looks < TURNS ? turn() : sleep(THEN_EVERY_MS));
  }
}
