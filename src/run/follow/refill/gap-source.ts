import type { Transcript } from "../assemble/transcript.ts";
import type { GapEnd } from "./gap-end.ts";

/** `read` everything the source has was offered; `failed` it may be tried again; `absent` there is no such source. */
export type SourceAnswer = "read" | "failed" | "absent";

/**
 * Where missing lines may be had. It offers frames in order from at or before what the transcript awaits; the
 * transcript takes what comes next and leaves the rest.
 */
export interface GapSource {
  /** For the event that tells where lines came from. */
  readonly name: string;
  /** Notes what comes too early in `gapEnd`; stops once `enough` is true. */
  offer(transcript: Transcript, gapEnd: GapEnd, enough: () => boolean, signal: AbortSignal): Promise<SourceAnswer>;
}
