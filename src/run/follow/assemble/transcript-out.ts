import type { Channel } from "../../../runner/frame.ts";
import type { FollowEvent } from "./events.ts";

/** Where the transcript goes as it becomes known. */
export interface TranscriptOut {
  /** Whole lines of one channel, each ended by a newline; the bytes are valid during the call only. */
  lines(channel: Channel, lines: Buffer): void;
  /** Each line of the agent without its newline; valid during the call only. */
  line?: ((channel: Channel, line: Buffer) => void) | undefined;
  /** A line of the follower itself, at its place among the others. */
  notice(text: string): void;
  event(event: FollowEvent): void;
}
