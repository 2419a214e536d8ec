/**
 * On a Job: for which lost run its agent was woken, and when. It is written, conditional on the Job's version, before
 * anybody is woken: of several processes one does. It says that somebody is about to ask, not that Paperclip has heard it.
 */
import type { Job } from "kubernetes-types/batch/v1";
import { z } from "zod";

export const WOKEN = "paperclip.io/woken";

const mark = z.object({
  /** The lost run. */
  run: z.string(),
  /** Milliseconds since 1970. */
  at: z.number(),
  /** How often it was asked for this lost run. */
  times: z.number(),
  /** Of the process and attempt that wrote it; versions before 1.1 have none. */
  nonce: z.string().optional(),
  /** Paperclip certainly did not hear it. */
  failed: z.boolean().optional(),
});
export type WokenMark = Readonly<z.infer<typeof mark>>;

/** Milliseconds before the same lost run is asked for again, doubled each time: its agent may be paused, or the task held. */
const AGAIN_AFTER_MS = 60_000;
/** Milliseconds between two attempts at most: what holds the agent back may end at any time. */
const AGAIN_WITHIN_MS = 60 * 60_000;
/** Milliseconds before another attempt where Paperclip did not hear the last one, doubled each time. */
const FAILED_AGAIN_AFTER_MS = 10_000;

/** Null while it is too early to ask. Another lost run's mark does not count: each restart of Paperclip starts anew. */
export function nextMark(before: WokenMark | null, lostRunId: string, now: number): WokenMark | null {
  const fresh = { run: lostRunId, at: now, nonce: crypto.randomUUID() };
  if (before?.run !== lostRunId) return { ...fresh, times: 1 };
  const firstMs = before.failed ? FAILED_AGAIN_AFTER_MS : AGAIN_AFTER_MS;
  const waitMs = Math.min(AGAIN_WITHIN_MS, firstMs * 2 ** (before.times - 1));
  return now - before.at < waitMs ? null : { ...fresh, times: before.times + 1 };
}

/** Null when there is none, or none that can be read. */
export function readMark({ metadata }: Job): WokenMark | null {
  try {
    return mark.parse(JSON.parse(metadata?.annotations?.[WOKEN] ?? ""));
  } catch {
    return null;
  }
}

export const writeMark = (value: WokenMark): Record<string, string> => ({ [WOKEN]: JSON.stringify(value) });
