/** What something costs the process that it happens in. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";

export interface Cost {
  /** Megabytes above what the process had, at the worst moment. */
  readonly rssMb: number;
  /** The most CPU time of the main thread that passed between two turns of the event loop: nobody else was served meanwhile. */
  readonly blockedMs: number;
  /** Open files, pipes and folders that are left. */
  readonly openFiles: number;
  /** By the clock, from the call to its answer. */
  readonly tookMs: number;
}

const TICK_MS = 5;

export async function measure<T>(work: () => Promise<T>): Promise<{ readonly value: T; readonly cost: Cost }> {
  resetPeak();
  const before = { rssMb: rssMb(), files: openFiles() };
  const blocked = watchTurns();
  const started = performance.now();
  const value = await work();
  const tookMs = performance.now() - started;
  const blockedMs = blocked();
  // Who else uses the thread pool is served: a thread that waits for a pipe would never come back.
  await Promise.all(Array.from({ length: 8 }, () => readFile("/etc/hosts")));
  const cost = { blockedMs, tookMs, rssMb: peakRssMb() - before.rssMb, openFiles: openFiles() - before.files };
  return { value, cost };
}

/**
 * CPU time, and not the clock's: on a busy machine a process that does nothing is late, too. And the main thread's alone: those of
 * the garbage collector spin for one another where others want the processors.
 */
function watchTurns(): () => number {
  let worst = 0;
  let last = process.threadCpuUsage();
  const turn = (): void => {
    const { user, system } = process.threadCpuUsage(last);
    last = process.threadCpuUsage();
    worst = Math.max(worst, (user + system) / 1000);
  };
  const timer = setInterval(turn, TICK_MS);
  return () => {
    clearInterval(timer);
    turn();
    return worst;
  };
}

const isLinux = process.platform === "linux";
const rssMb = (): number => process.memoryUsage.rss() / 1e6;

/** Files, pipes and folders; sockets come and go with the cluster's connections. */
function openFiles(): number {
  return isLinux ? readdirSync("/proc/self/fd").length : 0;
}

/** A process that is attacked more than once has a peak for each time. */
function resetPeak(): void {
  if (isLinux) writeFileSync("/proc/self/clear_refs", "5");
}

function peakRssMb(): number {
  if (!isLinux) return rssMb();
  return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync("/proc/self/status", "utf8"))?.[1]) / 1000;
}
