import { setTimeout as sleep } from "node:timers/promises";

/** Milliseconds. */
export interface Patience {
  /** @default 60000 */
  readonly within?: number;
  /** @default 250 */
  readonly every?: number;
  readonly signal?: AbortSignal;
}

/** Asks again until the answer is neither null, undefined nor false; says at the end what it last heard. */
export async function until<T>(
  what: string,
  probe: () => Promise<T | null | undefined | false>,
  { within = 60_000, every = 250, signal }: Patience = {},
  describe: () => Promise<unknown> = async () => undefined,
): Promise<T> {
  const deadline = performance.now() + within;
  for (;;) {
    const found = await probe();
    if (found !== null && found !== undefined && found !== false) return found;
    if (performance.now() > deadline) {
      const last = await describe().catch((error: unknown) => error);
      throw new Error(
        `Not within ${within} ms: ${what}${last === undefined ? "" : `; last seen: ${JSON.stringify(last)}`}`,
      );
    }
    await sleep(every, undefined, signal ? { signal } : {});
  }
}
