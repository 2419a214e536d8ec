import { measuredTimings, type Timings } from "../timings.ts";
import type { Clock, Store } from "../types.ts";
import { GarbageCollector } from "./garbage-collector.ts";
import { JobController } from "./job/job-controller.ts";
import type { CreatePod } from "./job/pod-creator.ts";
import { startNamespaces } from "./namespaces.ts";
import type { Pod } from "./objects.ts";
import { startPodGarbageCollector } from "./pod-garbage-collector.ts";
import { Scheduler } from "./scheduler/scheduler.ts";
import { startClaimProtection } from "./storage/claim-protection.ts";
import { startVolumeBinder } from "./storage/volume-binder.ts";
import { startTaintManager } from "./taint-manager.ts";
import { startTtl } from "./ttl.ts";
import { startWorkloads } from "./workloads/workload-controller.ts";

export interface ControllerOptions {
  /** @default Date.now */
  readonly clock?: Clock;
  /** @default measuredTimings */
  readonly timings?: Timings;
  /** How the Job controller's pods are created. @default straight into the store */
  readonly createPod?: CreatePod;
}

/** Everything that acts on objects and is not a node. */
export function startControllers(store: Store, options: ControllerOptions = {}): { stop(): void } {
  const { clock = Date.now, timings = measuredTimings, createPod } = options;
  const shared = { clock, timings };
  const jobs = new JobController(store, { ...shared, ...(createPod === undefined ? {} : { create: createPod }) });
  const garbage = new GarbageCollector(store, shared);
  const scheduler = new Scheduler(store, shared);
  const stops = [
    () => jobs.stop(),
    () => garbage.stop(),
    () => scheduler.stop(),
    startTtl(store, clock),
    startNamespaces(store, shared),
    startPodGarbageCollector(store, shared),
    startTaintManager(store, clock),
    startVolumeBinder(store, clock),
    startClaimProtection(store),
    startWorkloads(store, { timings, create: createPod ?? ((pod) => store.create<Pod>("pods", pod)) }),
  ];
  return {
    stop() {
      for (const stop of stops) stop();
    },
  };
}
