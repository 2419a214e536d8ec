/** The measured process: nothing in it but the adapter and as many runs as it is told, as in Paperclip's server. */
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { writeHeapSnapshot } from "node:v8";
import { ClusterRegistry } from "../../../src/kubernetes/cluster-registry.ts";
import { execute } from "../../../src/run/execute.ts";
import { contextOf, type RunSettings, SERVER_ENV } from "../../../test/cluster/support/context.ts";
import { trustAgents } from "../../../test/support/policy.ts";
import { linesIn } from "../agent.ts";
import { preciseNow } from "../clock.ts";
import { spread } from "../numbers.ts";
import type { FromHost, Measured, ToHost } from "./messages.ts";
import { TrafficCount } from "./traffic.ts";

const env = { ...SERVER_ENV, PAPERCLIP_LISTEN_PORT: "3100" };
const [, , paperclipUrl = ""] = process.argv;
const RESOLUTION_MS = 2;
const SAMPLE_MS = 250;

const count = new TrafficCount();
const clusters = new ClusterRegistry({ traffic: count.traffic });
const loop = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
loop.enable();

let delays: number[] = [];
let firstLineMs: number[] = [];
let living = 0;
let silent = 0;
let wrong = 0;
let rss = 0;
let begun = { at: preciseNow(), cpu: process.cpuUsage() };
setInterval(() => {
  rss = Math.max(rss, process.memoryUsage.rss());
}, SAMPLE_MS).unref();

const send = (message: FromHost): void => {
  process.send?.(message);
};

process.on("message", (message: ToHost) => {
  if (message.kind === "start") void startAll(message.runs, message.withinMs);
  if (message.kind === "begin") begin();
  if (message.kind === "measure") send({ kind: "measured", ...measure() });
  if (message.kind === "snapshot") {
    writeHeapSnapshot(message.file);
    send({ kind: "written" });
  }
});
process.on("disconnect", () => process.exit());
process.on("SIGTERM", () => process.exit());
send({ kind: "ready" });

async function startAll(runs: readonly RunSettings[], withinMs: number): Promise<void> {
  silent += runs.length;
  const from = preciseNow();
  for (const [index, run] of runs.entries()) {
    const wait = from + (withinMs * index) / runs.length - preciseNow();
    if (wait > 1) await sleep(wait);
    void start(run);
  }
}

async function start(settings: RunSettings): Promise<void> {
  const startedAt = preciseNow();
  let last = 0;
  living += 1;
  const onLog = (_: string, chunk: string): Promise<void> => {
    const now = preciseNow();
    for (const { number, at } of linesIn(chunk)) {
      if (last === 0) speaks(now - startedAt);
      if (number !== last + 1) wrong += 1;
      last = number;
      // What was printed before waited for the collection with which a measurement begins.
      if (at >= begun.at) delays.push(now - at);
    }
    return Promise.resolve();
  };
  const ctx = contextOf(settings, { onLog, signal: new AbortController().signal });
  const result = await execute(ctx, { env, clusters, readPolicy: trustAgents, paperclipUrl: () => paperclipUrl });
  living -= 1;
  // It failed before it had one: nobody waits for its first line.
  if (last === 0) heard();
  send({ kind: "result", runId: settings.runId, result });
}

function speaks(ms: number): void {
  firstLineMs.push(ms);
  heard();
}

function heard(): void {
  silent -= 1;
  if (silent === 0) send({ kind: "speaking", runs: living });
}

function begin(): void {
  globalThis.gc?.();
  delays = [];
  firstLineMs = [];
  rss = process.memoryUsage.rss();
  count.begin();
  loop.reset();
  begun = { at: preciseNow(), cpu: process.cpuUsage() };
}

function measure(): Measured {
  const { user, system } = process.cpuUsage(begun.cpu);
  const wallMs = preciseNow() - begun.at;
  const atLoop = (share: number): number => Math.max(0, loop.percentile(share) / 1e6 - RESOLUTION_MS);
  const loopDelay = { p50: atLoop(50), p99: atLoop(99), max: atLoop(100) };
  const most = Math.max(rss, process.memoryUsage.rss());
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  const { requests, retries, creating } = count;
  return {
    wallMs,
    cpuMs: (user + system) / 1000,
    loop: loopDelay,
    rssMb: most / 1e6,
    heapMb: heapUsed / 1e6,
    externalMb: external / 1e6,
    delay: spread(delays),
    lines: delays.length,
    living,
    firstLineMs,
    wrong,
    requests,
    retries,
    creating,
  };
}
