/** What a run takes from the outside world; tests bring their own. */
import { readFile } from "node:fs/promises";
import { systemClock } from "../../kubernetes/clock.ts";
import type { ClusterOptions } from "../../kubernetes/cluster.ts";
import { ClusterRegistry } from "../../kubernetes/cluster-registry.ts";
import { CancellationPoller } from "../../paperclip/cancellation-poller.ts";
import { paperclipUrl } from "../../paperclip/run-status.ts";
import { type Policy, readPolicy } from "../../policy/policy.ts";
import { processTelemetry } from "../../telemetry/process-telemetry.ts";
import type { Telemetry } from "../../telemetry/telemetry.ts";
import { countTraffic } from "./count-traffic.ts";

export interface Dependencies {
  /** Environment of Paperclip's process: the operator's settings. */
  readonly env: NodeJS.ProcessEnv;
  /** The program that this process runs; undefined = none, as for `node --eval`. */
  readonly mainModule: string | undefined;
  /** The operator's policy as it is now. Rejects with PolicyError. */
  readonly readPolicy: (env: NodeJS.ProcessEnv) => Promise<Policy>;
  readonly readFile: (path: string) => Promise<string>;
  /** Addresses of this machine. @default those of its network interfaces */
  readonly addresses?: () => readonly string[];
  /** The clusters that the runs of this process share. */
  readonly clusters: ClusterRegistry;
  /** Address of Paperclip's API as this process reaches it; null = the records of runs cannot be read. */
  readonly paperclipUrl: typeof paperclipUrl;
  /** Asks Paperclip whether the runs of this process were cancelled. */
  readonly cancellations: CancellationPoller;
  /** Is told where a run has a Job, as soon as it has one. @default nobody */
  readonly onJob?: (place: { readonly cluster: ClusterOptions; readonly namespace: string }) => void;
  /** What is counted and traced. The traffic with clusters is told it by `clusters`. */
  readonly telemetry: Telemetry;
  /** Tells the operator something, in a sentence. */
  readonly log: (message: string) => void;
}

/** One for the process: all runs of a cluster share its connections and its two watches. */
const clusters = new ClusterRegistry({
  warn: (message) => console.warn(`[claude_k8s] ${message}`),
  traffic: countTraffic(processTelemetry),
});

/** One for the process: all runs of a company share its requests. */
const cancellations = new CancellationPoller({ clock: systemClock, random: Math.random });

export const realDependencies = (): Dependencies => ({
  env: process.env,
  mainModule: process.argv[1],
  readPolicy,
  readFile: (path) => readFile(path, "utf8"),
  clusters,
  paperclipUrl,
  cancellations,
  telemetry: processTelemetry,
  log: (message) => console.warn(`[claude_k8s] ${message}`),
});
