import type { Channel } from "../../../runner/frame.ts";

/** Lines that the host does not have; both ends included. In a log without numbers, lines count as they arrived. */
export interface Missing {
  readonly channel: Channel;
  readonly from: number;
  readonly to: number;
  /** `lost` they could not be read; `undelivered` they were read, and the host did not take them. */
  readonly cause: "lost" | "undelivered";
  readonly why: string;
}

export function countOf({ from, to }: Pick<Missing, "from" | "to">): number {
  return to - from + 1;
}

/** The line that marks missing lines in the transcript. */
export function missingLine(gap: Missing): string {
  const count = countOf(gap);
  const of = gap.channel === "stderr" ? " of stderr" : "";
  const which = count === 1 ? `${gap.from}` : `${gap.from}–${gap.to}`;
  return `[paperclip] ${count} ${count === 1 ? "line" : "lines"}${of} missing: ${which} (${gap.why})`;
}

/** Stands behind the last gap that is named at its place. */
export const MORE_MISSING = "[paperclip] more lines may be missing below: the run's result names where";

/** A place in raw lines (no numbers) where lines may be missing. */
export interface Suspicion {
  /** Stamp of the last line before. */
  readonly after: string;
  /** Stamp of the first line behind. */
  readonly before: string;
}

export function suspicionLine(place: Suspicion): string {
  return `[paperclip] lines may be missing between ${place.after} and ${place.before} (the node rotated the log while its stream was down)`;
}
