import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ControlPlane, type ControlPlaneOptions, type NodeStart, startControlPlane } from "./control-plane.ts";
import { startNode } from "./node/node.ts";
import type { RunningNode } from "./node/running-node.ts";
import type { LocalImage } from "./types.ts";
import { startWatchdog } from "./watchdog.ts";

export type { Fault, FaultAction, FaultMatch, FaultRule, Faults } from "./api/faults.ts";
export type { RequestLog, RequestRecord } from "./api/request-log.ts";
export type { Kueue, KueueOptions } from "./kueue/kueue.ts";
export type { PodName, RunningNode } from "./node/running-node.ts";
export type { ApiStore } from "./store/store.ts";
export { fastTimings, measuredTimings, type Timings } from "./timings.ts";
export type { KubeObject, LocalImage } from "./types.ts";

export interface DevclusterOptions extends ControlPlaneOptions {
  /** What the node can run, by image name. */
  readonly images: Readonly<Record<string, LocalImage>>;
  /** Where pods have their files. @default a new folder under the system's temporary one, removed at the end */
  readonly directory?: string;
}

export interface Devcluster extends ControlPlane<RunningNode> {}

/** A Kubernetes API in this process, on 127.0.0.1. For development and tests: nothing isolates its containers. */
export async function startDevcluster(options: DevclusterOptions): Promise<Devcluster> {
  return startControlPlane(options, (start) => startLocalNode(start, options));
}

async function startLocalNode(
  { store, clock, timings, url, undo }: NodeStart,
  { images, directory: given }: DevclusterOptions,
): Promise<RunningNode> {
  const { hostname, port } = new URL(url);
  const directory = given ?? (await mkdtemp(join(tmpdir(), "devcluster-")));
  const own = given === undefined ? directory : undefined;
  if (own !== undefined) undo.defer(() => rm(own, { recursive: true, force: true }));
  const watchdog = undo.adopt(await startWatchdog(own), (value) => value.stop());
  return startNode(store, {
    directory,
    images,
    clock,
    timings,
    environment: { KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port, ...watchdog.environment },
  });
}
