/** A Paperclip server with nothing in it but the adapter, which executes one run and measures what that costs it. */
import { readdirSync, readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import type { AdapterExecutionContext, AdapterExecutionResult } from "@paperclipai/adapter-utils";
import { ClusterRegistry } from "../../../src/kubernetes/cluster-registry.ts";
import { execute } from "../../../src/run/execute.ts";
import { contextOf, type RunSettings } from "../../cluster/support/context.ts";
import { trustAgents } from "../../support/policy.ts";

export interface Attack {
  readonly settings: RunSettings;
  readonly paperclipUrl: string;
  readonly env: NodeJS.ProcessEnv;
  /** What Paperclip has stored of the agent. @default its instructions as the run has them */
  readonly stored?: Readonly<Record<string, unknown>>;
}

export interface Damage {
  readonly result: AdapterExecutionResult;
  readonly events: readonly { readonly type: string; readonly message: string }[];
  /** The first characters of what the page got. */
  readonly stdout: string;
  readonly stderr: string;
  readonly stdoutBytes: number;
  readonly rssMb: number;
  /** The most CPU time that passed between two turns of the event loop: nobody else was served meanwhile. */
  readonly blockedMs: number;
  readonly openFiles: number;
}

/** Characters of the page that are kept. */
const KEPT = 100_000;
const TICK_MS = 5;

process.once("message", (attack: Attack) => void run(attack));
process.on("disconnect", () => process.exit());

async function run({ settings, paperclipUrl, env, stored }: Attack): Promise<void> {
  const events: { type: string; message: string }[] = [];
  const page = { stdout: "", stderr: "" };
  let stdoutBytes = 0;
  const ctx = contextOf(settings, {
    signal: new AbortController().signal,
    onLog: (stream, chunk) => {
      if (stream === "stdout") stdoutBytes += chunk.length;
      if (page[stream].length < KEPT) page[stream] += chunk;
      return Promise.resolve();
    },
    onEvent: ({ eventType, message = "" }) => {
      events.push({ type: eventType, message });
      return Promise.resolve();
    },
  });
  const agent: AdapterExecutionContext["agent"] = stored ? { ...ctx.agent, adapterConfig: stored } : ctx.agent;
  const clusters = new ClusterRegistry();
  const before = { rssMb: rssMb(), files: openFiles() };
  const blocked = watchTurns();
  const result = await execute(
    { ...ctx, agent },
    { env, clusters, readPolicy: trustAgents, paperclipUrl: () => paperclipUrl },
  );
  const blockedMs = blocked();
  // Who else uses the thread pool is served: a thread that waits for a pipe would never come back.
  await Promise.all(Array.from({ length: 8 }, () => readFile("/etc/hosts")));
  const told: Damage = {
    ...{ result, events, stdout: page.stdout, stderr: page.stderr, stdoutBytes, blockedMs },
    rssMb: peakRssMb() - before.rssMb,
    openFiles: openFiles() - before.files,
  };
  process.send?.(told);
}

/** CPU time, and not the clock's: on a busy machine a process that does nothing is late, too. */
function watchTurns(): () => number {
  let worst = 0;
  let last = process.cpuUsage();
  const timer = setInterval(() => {
    const { user, system } = process.cpuUsage(last);
    last = process.cpuUsage();
    worst = Math.max(worst, (user + system) / 1000);
  }, TICK_MS);
  return () => {
    clearInterval(timer);
    return worst;
  };
}

const isLinux = process.platform === "linux";
const rssMb = (): number => process.memoryUsage.rss() / 1e6;

/** Files, pipes and folders; sockets come and go with the cluster's connections. */
function openFiles(): number {
  return isLinux ? readdirSync("/proc/self/fd").length : 0;
}

function peakRssMb(): number {
  if (!isLinux) return rssMb();
  return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync("/proc/self/status", "utf8"))?.[1]) / 1000;
}
