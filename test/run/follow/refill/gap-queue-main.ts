/** A gap that comes when the follower was stopped already, in a process of its own: what goes wrong here answers nobody. */
import { Transcript } from "../../../../src/run/follow/assemble/transcript.ts";
import { GapQueue } from "../../../../src/run/follow/refill/gap-queue.ts";

const sink = { push: () => undefined, notice: () => undefined };
const transcript = new Transcript({ sink, onEvent: () => undefined }, 1 << 20);
const stop = new AbortController();
const queue = new GapQueue({
  transcript,
  memoryBytes: 1 << 20,
  refill: () => Promise.resolve(),
  onEvent: () => undefined,
  signal: stop.signal,
});
stop.abort();
queue.push(Buffer.from("2026-11-22T07:23:14.988051761Z 1|one\n2026-11-22T07:23:14.988051761Z 3|three\n"));
await queue.emptied();
await queue.close();
console.log(JSON.stringify({ line: transcript.stdout.line }));
