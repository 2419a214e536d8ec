/** Follows logs in a process of its own, and prints what is left of them on the heap, in bytes. Needs `--expose-gc`. */
import { systemClock } from "../../../../src/kubernetes/clock.ts";
import { followTranscript } from "../../../../src/run/follow/follow-transcript.ts";
import type { OpenLog } from "../../../../src/run/follow/read/log-source.ts";

const STAMP = "2026-11-22T07:23:14.988051761Z ";
/** Reconnecting waits for nothing: what is measured is memory. */
const clock = {
  now: () => performance.now(),
  sleep: (ms: number, signal?: AbortSignal) =>
    ms > 1000 ? systemClock.sleep(ms, signal) : new Promise<void>((resolve) => setImmediate(resolve)),
};

/** A log whose streams break after each line; the last one ends the container. */
function logOf(streams: number): { open: OpenLog; ended: () => boolean } {
  let opened = 0;
  const open: OpenLog = (request) => {
    const line = request.follow ? ++opened : opened;
    const last = line >= streams;
    async function* body(): AsyncGenerator<Buffer> {
      yield Buffer.from(`${STAMP}${line}|${"x".repeat(100)}\n`);
    }
    const end = last ? ({ end: "clean" } as const) : ({ end: "broken", error: new Error("cut") } as const);
    return Promise.resolve({ kind: "open", body: body(), end: Promise.resolve(end) });
  };
  return { open, ended: () => opened >= streams };
}

/** `stop`: what may outlive the run, such as the host's signal. */
async function follow(streams: number, stop: AbortSignal): Promise<number> {
  const { open, ended } = logOf(streams);
  let lines = 0;
  const { transcript } = await followTranscript({
    open,
    container: {
      state: () => (ended() ? "gone" : "running"),
      changed: (signal) =>
        new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason), { once: true })),
      seal: () => null,
    },
    onLog: (_, chunk) => {
      lines += chunk.split("\n").length - 1;
    },
    signal: stop,
    clock,
    random: () => 0,
  });
  if (lines !== streams || transcript.lines !== streams)
    throw new Error(`${lines} lines, ${JSON.stringify(transcript)}`);
  return lines;
}

async function heap(): Promise<number> {
  // Finalizers run between collections.
  for (let round = 0; round < 5; round++) {
    globalThis.gc?.();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers;
}

const { signal } = new AbortController();
const [streams = 0, runs = 0] = process.argv.slice(2).map(Number);
await follow(200, signal);
for (let run = 0; run < 50; run++) await follow(3, signal);
const before = await heap();
await follow(streams, signal);
const afterStreams = await heap();
for (let run = 0; run < runs; run++) await follow(3, signal);
const afterRuns = await heap();
console.log(JSON.stringify({ streams: afterStreams - before, runs: afterRuns - afterStreams }));
