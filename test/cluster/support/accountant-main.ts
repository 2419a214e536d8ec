/** The adapter in a process of its own that keeps account of a run's lines, and tells what memory that took. */
import { readFileSync } from "node:fs";
import type { AdapterExecutionResult } from "@paperclipai/adapter-utils";
import { ClusterRegistry } from "../../../src/kubernetes/cluster-registry.ts";
import { execute } from "../../../src/run/execute.ts";
import { trustAgents } from "../../support/policy.ts";
import { Account, type Totals } from "./account.ts";
import { contextOf, type RunSettings } from "./context.ts";

export interface AccountTask {
  readonly settings: RunSettings;
  readonly paperclipUrl: string;
  /** What stands behind the number in each line. */
  readonly filler: string;
}

export interface Accounted {
  readonly result: AdapterExecutionResult;
  readonly totals: Totals;
  readonly idleRssMb: number;
  readonly peakRssMb: number;
}

process.once("message", (task: AccountTask) => void run(task));
process.on("disconnect", () => process.exit());

async function run({ settings, paperclipUrl, filler }: AccountTask): Promise<void> {
  const account = new Account((number) => `{"line":${number},"x":"${filler}"}`);
  const idleRssMb = process.memoryUsage.rss() / 1e6;
  const ctx = contextOf(settings, {
    signal: new AbortController().signal,
    onLog: (stream, chunk) => {
      if (stream === "stdout") account.take(chunk);
      return Promise.resolve();
    },
  });
  const clusters = new ClusterRegistry();
  const result = await execute(ctx, { env: {}, clusters, readPolicy: trustAgents, paperclipUrl: () => paperclipUrl });
  const told = { result, totals: account.totals, idleRssMb, peakRssMb: peakRssMb() } satisfies Accounted;
  // The parent disconnects when it has it: its "exit" event may overtake the message of a child that leaves at once.
  process.send?.(told);
}

/** `maxRSS` of a forked process counts what its parent had at the fork; the kernel's mark for the program does not. */
function peakRssMb(): number {
  if (process.platform !== "linux") return process.resourceUsage().maxRSS / 1000;
  return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync("/proc/self/status", "utf8"))?.[1]) / 1000;
}
