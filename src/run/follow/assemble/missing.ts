import type { Channel } from "../../../runner/frame.ts";

/** Lines that could not be had; both ends included. */
export interface Missing {
  readonly channel: Channel;
  readonly from: number;
  readonly to: number;
  readonly why: string;
}

/** The line that stands in the transcript where lines are missing. */
export function missingLine(gap: Missing): string {
  const count = gap.to - gap.from + 1;
  const of = gap.channel === "stderr" ? " of stderr" : "";
  const which = count === 1 ? `${gap.from}` : `${gap.from}–${gap.to}`;
  return `[paperclip] ${count} ${count === 1 ? "line" : "lines"}${of} missing: ${which} (${gap.why})`;
}

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
