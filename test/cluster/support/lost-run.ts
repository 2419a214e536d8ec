/** A run whose adapter process dies while its agent works on: its Job is left, and nobody observes it. */
import { startAdapterProcess } from "./adapter-process.ts";
import { type RunSettings, settingsOf } from "./context.ts";
import type { Place } from "./place.ts";

export interface Losing extends Partial<RunSettings> {
  readonly agent: string;
  /** The process dies once the transcript has this text. */
  readonly after: string;
  /** @default "SIGKILL" */
  readonly signal?: NodeJS.Signals;
  /** What the process has as its environment. @default nothing */
  readonly env?: NodeJS.ProcessEnv;
  /** What Paperclip's record says of the run from then on. @default "failed" */
  readonly status?: string;
  /** Done just before the process dies. */
  readonly onKill?: () => void;
}

export interface LostRun {
  readonly runId: string;
  readonly agentId: string;
  /** What ended the process; null when it ended by itself. */
  readonly endedBy: NodeJS.Signals | null;
}

export async function loseRun(
  place: Place,
  { after, signal = "SIGKILL", status = "failed", onKill, env, ...more }: Losing,
): Promise<LostRun> {
  const { paperclip } = place;
  const settings = settingsOf(place, more);
  const { runId, agentId } = settings;
  const adapter = await startAdapterProcess(env);
  try {
    paperclip.set(runId, "running");
    // Rejects when the process dies, as it should.
    adapter.execute(settings, paperclip.url).catch(() => undefined);
    await adapter.said(runId, after);
    onKill?.();
    const endedBy = await adapter.kill(signal);
    paperclip.set(runId, status);
    return { runId, agentId, endedBy };
  } finally {
    await adapter.kill("SIGKILL");
  }
}
