import type { Channel } from "../../../runner/frame.ts";

/** Where a follower's lines go. Taking lines in never waits: whoever brings them asks for room. */
export interface LineSink {
  /** Whole lines, each ended by a newline; the bytes are valid during the call only. */
  push(channel: Channel, lines: Buffer): void;
  /** A line of the follower's own; it goes to stdout. */
  notice(line: string): void;
  /** True when more waits than should. */
  readonly overfull: boolean;
  /** Resolves when there is room for more. */
  room(): Promise<void>;
}
