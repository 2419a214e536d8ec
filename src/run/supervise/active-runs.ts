/** The runs that this process looks after. Run ids. */
export const activeRuns = new Set<string>();

/**
 * Milliseconds that a run which was left to a successor still counts: a host that shuts down leaves its runs seconds
 * before its end (measured: 15 s at most), and a host that is about to end is not asked for new ones.
 */
const LEFT_FOR_MS = 60_000;

export function addActiveRun(runId: string): void {
  activeRuns.add(runId);
}

/** @param left the run goes on without us */
export function removeActiveRun(runId: string, left: boolean): void {
  if (left) setTimeout(() => activeRuns.delete(runId), LEFT_FOR_MS).unref();
  else activeRuns.delete(runId);
}
