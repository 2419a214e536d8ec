import type { Intake } from "./intake.ts";

/** `read` everything the source has was given; `failed` it may be tried again; `absent` there is no such source. */
export type SourceAnswer = "read" | "failed" | "absent";

/** A source of missing lines. */
export interface GapSource {
  /** For the event that tells where lines came from. */
  readonly name: string;
  /** Gives its frames in order, from at or before what the transcript awaits, until the intake's signal aborts. */
  refill(intake: Intake): Promise<SourceAnswer>;
}
