/** What an observed run waits for, in the words of its page. */
import { progressOf } from "../../run/tell/tell.ts";
import type { RunObserved } from "./observe-run.ts";
import { readWait } from "./read-waiting.ts";

/** One sentence without its full stop; null: its agent runs, or there is nothing to say. Pure. */
export function whyWaiting({ observed }: Pick<RunObserved, "observed">): string | null {
  const { pod } = observed.evidence;
  if (pod?.agent.ran && pod.deletionAskedAt === null) return null;
  return progressOf(observed)?.message ?? null;
}

/** Milliseconds between two looks at why it waits. */
const EVERY_MS = 10_000;

/** Asks the cluster for that, until the agent runs. Resolves also when the signal aborts. */
export async function keepAskingWhy(
  { found, run, observed }: Pick<RunObserved, "found" | "run" | "observed">,
  signal: AbortSignal,
): Promise<void> {
  const { client } = found.place.lease;
  try {
    while (!observed.evidence.pod?.agent.ran) {
      await readWait(client, run, observed, signal);
      await client.clock.sleep(EVERY_MS, signal);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
