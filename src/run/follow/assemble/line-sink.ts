import type { Channel } from "../../../runner/frame.ts";

/** Whole lines of one channel that follow each other. */
export interface LineBlock {
  readonly channel: Channel;
  /** Each line ended by a newline. Valid during the call only: copy them to keep them. */
  readonly bytes: Buffer;
  /** Numbers of the first and the last line that have one; 0 when none has (lines that the agent did not write). */
  readonly from: number;
  readonly to: number;
  /** True when each line begins like a JSON object: what looks at other lines need not look at these. @default false */
  readonly objects?: boolean;
}

/** Where a follower's lines go. Pushing never waits: the producer checks `overfull` and awaits `room()`. */
export interface LineSink {
  push(block: LineBlock): void;
  /** A line of the follower's own; it goes to stdout. */
  notice(line: string): void;
  /** True when more waits than should. */
  readonly overfull: boolean;
  /** Resolves when there is room for more. */
  room(): Promise<void>;
}
