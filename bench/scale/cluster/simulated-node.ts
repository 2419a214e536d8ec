/** A node whose pods are no processes, as kwok has them: thousands fit into one process beside the API server. */

import type { NodeStart } from "../../../devcluster/src/control-plane.ts";
import { createEventRecorder } from "../../../devcluster/src/controllers/events.ts";
import { hasEnded, type Pod } from "../../../devcluster/src/controllers/objects.ts";
import { createLogReader, LogRegistry } from "../../../devcluster/src/node/logs/reader.ts";
import { registerNode } from "../../../devcluster/src/node/node-object.ts";
import type { PodRunner } from "../../../devcluster/src/node/running-node.ts";
import type { StoreEvent } from "../../../devcluster/src/types.ts";
import { readSimulatedLog, type SimulatedLog } from "./simulated-log.ts";
import { SimulatedPod } from "./simulated-pod.ts";

export interface SimulatedNode extends PodRunner {
  /** Every agent has done its work: each prints its result and ends. */
  finishAll(): void;
  /** Pods on the node. */
  readonly pods: number;
}

/** Room for whatever is asked: what a scheduler does with a full node is not measured here. */
const CAPACITY = { cpu: "100000", memory: "100Ti", pods: "100000" };

export async function startSimulatedNode({ store, clock, timings }: NodeStart): Promise<SimulatedNode> {
  const registry = new LogRegistry<SimulatedLog>();
  const context = { store, clock, timings, logs: registry, record: createEventRecorder(store, clock, "kubelet") };
  const name = registerNode(store, { capacity: CAPACITY }, clock());
  const pods = new Map<string, SimulatedPod>();
  const hear = ({ type, resource, object }: StoreEvent): void => {
    if (resource !== "pods") return;
    const pod = object as Pod;
    const { uid } = pod.metadata;
    const known = pods.get(uid);
    if (known !== undefined) {
      if (type === "DELETED") known.drop();
      else known.update(pod);
    } else if (type !== "DELETED" && pod.spec.nodeName === name && !hasEnded(pod)) {
      const started = new SimulatedPod(context, pod);
      pods.set(uid, started);
      started.done
        .catch((error: unknown) => process.emitWarning(error instanceof Error ? error : String(error)))
        .finally(() => pods.delete(uid));
    }
  };
  const unsubscribe = store.subscribe(hear);
  return {
    name,
    logs: createLogReader({ registry, read: readSimulatedLog, clock, followEnd: timings.followEnd }),
    executor: { exec: () => Promise.reject(new Error("a simulated container runs no programs")) },
    get pods() {
      return pods.size;
    },
    finishAll: () => {
      for (const pod of pods.values()) pod.finish();
    },
    stop: async () => {
      unsubscribe();
      const all = [...pods.values()];
      for (const pod of all) pod.drop();
      await Promise.allSettled(all.map(({ done }) => done));
    },
  };
}
