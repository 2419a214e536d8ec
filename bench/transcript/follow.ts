/** Follows one log to its end in a process of its own, and reports what that took. Told by its parent what to follow. */
import { connect } from "node:net";
import { KubernetesClient } from "../../src/kubernetes/client.ts";
import { systemClock } from "../../src/kubernetes/clock.ts";
import { openCluster } from "../../src/kubernetes/cluster.ts";
import { followTranscript } from "../../src/run/follow/follow-transcript.ts";
import type { Seal } from "../../src/runner/seal.ts";

export interface Task {
  readonly kubeconfig: string;
  readonly seal: Seal | null;
  /** Only read, as the follower reads, and throw away: what the HTTP client alone costs. */
  readonly discard: boolean;
  /** Ticks: measure the delay of each line against a bare socket on this port. */
  readonly rawPort: number | null;
}

export interface Result {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly idleRssMb: number;
  readonly peakRssMb: number;
  readonly characters: number;
  readonly state: string;
  /** Milliseconds from a line's arrival at a bare socket to `onLog`, for each line. */
  readonly delaysMs: readonly number[];
}

process.once(
  "message",
  (task: Task) =>
    void (task.discard ? discard(task) : run(task)).then((result) =>
      process.send?.(result, () => process.disconnect()),
    ),
);

async function run(task: Task): Promise<Result> {
  const client = new KubernetesClient(await openCluster({ kubeconfig: task.kubeconfig }));
  const stop = new AbortController();
  const raw = new Map<number, number>();
  const delivered = new Map<number, number>();
  const socket = task.rawPort === null ? null : listenRaw(task.rawPort, raw);
  await warmUp(client);
  globalThis.gc?.();
  const idleRssMb = process.memoryUsage.rss() / 1e6;
  let peak = 0;
  const sampling = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss());
  }, 50);
  const cpu = process.cpuUsage();
  const start = performance.now();
  let characters = 0;
  let opened = false;
  process.once("message", () => stop.abort());
  const report = await followTranscript({
    open: (request, signal) => {
      opened = true;
      return client.openLog({ namespace: "runs", pod: "p", container: "main", timestamps: true, ...request }, signal);
    },
    container: {
      // The container ended while its log was on the way: the follower stops with the last line that the seal counts.
      state: () => (opened && task.seal ? "terminated" : "running"),
      changed: (signal) =>
        new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason), { once: true })),
      seal: () => task.seal,
    },
    onLog: (_, chunk) => {
      characters += chunk.length;
      if (task.rawPort !== null) note(chunk, delivered);
    },
    signal: stop.signal,
    clock: systemClock,
  });
  const used = process.cpuUsage(cpu);
  clearInterval(sampling);
  socket?.destroy();
  return {
    seconds: (performance.now() - start) / 1000,
    cpuSeconds: (used.user + used.system) / 1e6,
    idleRssMb,
    peakRssMb: Math.max(peak, process.memoryUsage.rss()) / 1e6,
    characters,
    state: report.transcript.state,
    delaysMs: [...delivered].flatMap(([line, at]) => (raw.has(line) ? [at - (raw.get(line) ?? at)] : [])),
  };
}

/** Everything is loaded and connected, and one answer was read. */
async function warmUp(client: KubernetesClient): Promise<void> {
  const log = { namespace: "runs", pod: "p", container: "main", tailLines: 1 };
  const first = await client.openLog(log, new AbortController().signal);
  if (first.kind === "open") for await (const _ of first.body) break;
}

async function discard({ kubeconfig }: Task): Promise<Pick<Result, "seconds" | "cpuSeconds">> {
  const client = new KubernetesClient(await openCluster({ kubeconfig }));
  const log = { namespace: "runs", pod: "p", container: "main", timestamps: true, follow: true };
  await warmUp(client);
  const cpu = process.cpuUsage();
  const start = performance.now();
  const opening = await client.openLog(log, new AbortController().signal);
  if (opening.kind !== "open") throw new Error(`no log: ${opening.kind}`);
  for await (const _ of opening.body);
  const used = process.cpuUsage(cpu);
  return { seconds: (performance.now() - start) / 1000, cpuSeconds: (used.user + used.system) / 1e6 };
}

function listenRaw(port: number, seen: Map<number, number>) {
  const socket = connect(
    port,
    "127.0.0.1",
    () => void socket.write("GET /raw?follow=true HTTP/1.1\r\nhost: x\r\n\r\n"),
  );
  socket.on("data", (chunk) => note(chunk.toString("latin1"), seen));
  socket.on("error", () => undefined);
  return socket;
}

function note(text: string, seen: Map<number, number>): void {
  const now = performance.now();
  for (const [, line] of text.matchAll(/\{"n":(\d+)/g)) seen.set(Number(line), now);
}
