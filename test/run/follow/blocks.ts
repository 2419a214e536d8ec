import type { LineBlock } from "../../../src/run/follow/assemble/line-sink.ts";
import type { Channel } from "../../../src/runner/frame.ts";

/** Lines, each ended by a newline, of which the first has this number; 0: they have none. */
export function block(channel: Channel, bytes: Buffer, from = 0): LineBlock {
  const lines = bytes.toString("latin1").split("\n").length - 1;
  return { channel, bytes, from, to: from === 0 ? 0 : from + lines - 1 };
}
