/** What an observed run waits for, in the words of its page. Pure. */
import { progressOf } from "../../run/tell/tell.ts";
import type { RunObserved } from "./observe-run.ts";

/** One sentence without its full stop; null: its agent runs, or there is nothing to say. */
export function whyWaiting({ observed }: Pick<RunObserved, "observed">): string | null {
  const { pod } = observed.evidence;
  if (pod?.agent.ran && pod.deletionAskedAt === null) return null;
  return progressOf(observed)?.message ?? null;
}
