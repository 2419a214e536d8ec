import type { PodCondition } from "kubernetes-types/core/v1";
import type { Timings } from "../../timings.ts";
import type { Clock, Store, StoreEvent } from "../../types.ts";
import { createEventRecorder, type EventRecorder } from "../events.ts";
import { hasEnded, keyOf, type Node, type PersistentVolumeClaim, type Pod, timestamp } from "../objects.ts";
import { createQueue, type WorkQueue } from "../queue.ts";
import { isDelayed, SELECTED_NODE } from "../storage/storage-class.ts";
import { claimsOf, isClaimTaken } from "./exclusive-claim.ts";
import { misplaced } from "./pod-affinity.ts";
import { type Requests, requestsOf } from "./requests.ts";
import { place } from "./verdict.ts";

/** Binds pods to nodes; a pod that fits nowhere is looked at again when a node, a claim or the room on a node changes. */
export class Scheduler {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #delay: number;
  readonly #record: EventRecorder;
  readonly #queue: WorkQueue = createQueue((key) => this.#look(key));
  readonly #waiting = new Set<string>();
  /** Node → pods on it that have not ended → what they ask for. */
  readonly #usage = new Map<string, Map<string, Requests>>();
  readonly #unsubscribe: () => void;

  constructor(store: Store, options: { clock: Clock; timings: Timings }) {
    this.#store = store;
    this.#clock = options.clock;
    this.#delay = options.timings.schedule;
    this.#record = createEventRecorder(store, options.clock, "default-scheduler");
    for (const object of store.list("pods")) this.#hear({ type: "ADDED", resource: "pods", object });
    this.#unsubscribe = store.subscribe((event) => this.#hear(event));
  }

  stop(): void {
    this.#unsubscribe();
    this.#queue.stop();
  }

  #hear({ type, resource, object }: StoreEvent): void {
    if (resource === "pods") this.#hearPod(type, object as Pod);
    if (resource === "nodes" || resource === "persistentvolumeclaims") this.#wakeAll();
  }

  #hearPod(type: StoreEvent["type"], pod: Pod): void {
    const key = keyOf(pod);
    const {
      nodeName,
      schedulingGates,
      schedulerName = "default-scheduler",
    } = pod.spec as Pod["spec"] & {
      schedulingGates?: unknown[];
    };
    const over = type === "DELETED" || hasEnded(pod);
    if (nodeName !== undefined) {
      const pods = this.#usage.get(nodeName) ?? new Map();
      this.#usage.set(nodeName, pods);
      if (!over) pods.set(pod.metadata.uid, requestsOf(pod));
      else if (pods.delete(pod.metadata.uid)) this.#wakeAll();
    }
    if (over || nodeName !== undefined || pod.metadata.deletionTimestamp !== undefined) {
      this.#waiting.delete(key);
      this.#queue.forget(key);
    } else if (
      !this.#waiting.has(key) &&
      (schedulingGates ?? []).length === 0 &&
      schedulerName === "default-scheduler"
    ) {
      this.#waiting.add(key);
      this.#queue.add(key, this.#delay);
    }
  }

  #wakeAll(): void {
    for (const key of this.#waiting) this.#queue.add(key, this.#delay);
  }

  #look(key: string): void {
    const [namespace = "", name = ""] = key.split("/");
    const pod = this.#store.get<Pod>("pods", namespace, name);
    if (pod === undefined || !this.#waiting.has(key)) return;
    const nodes = this.#store.list<Node>("nodes");
    const message = this.#claimTrouble(pod, nodes.length);
    const placement =
      message === undefined
        ? place(
            pod,
            nodes,
            (node) => [...(this.#usage.get(node)?.values() ?? [])],
            (node) => misplaced(this.#store, pod, node),
          )
        : ({ kind: "unschedulable", message } as const);
    if (placement.kind === "node" && this.#awaitsVolumes(pod, placement.name)) return;
    if (placement.kind === "node") this.#bind(pod, placement.name);
    else this.#refuse(pod, placement.message);
  }

  #claimTrouble(pod: Pod, nodes: number): string | undefined {
    const missing = this.#missingClaim(pod);
    if (missing !== undefined) return impossible(nodes, `persistentvolumeclaim "${missing}" not found`);
    if (this.#hasUnboundClaim(pod)) return impossible(nodes, "pod has unbound immediate PersistentVolumeClaims");
    return isClaimTaken(this.#store, pod) ? taken(nodes) : undefined;
  }

  #missingClaim(pod: Pod): string | undefined {
    const { namespace } = pod.metadata;
    return claimsOf(pod).find((claim) => this.#store.get("persistentvolumeclaims", namespace, claim) === undefined);
  }

  #hasUnboundClaim(pod: Pod): boolean {
    const { namespace } = pod.metadata;
    return claimsOf(pod).some((claim) => {
      const found = this.#store.get<PersistentVolumeClaim>("persistentvolumeclaims", namespace, claim);
      return found !== undefined && found.status?.phase !== "Bound" && !isDelayed(this.#store, found);
    });
  }

  /** Tells the claims that wait for their first consumer where it goes; once they are bound, it is looked at again. */
  #awaitsVolumes(pod: Pod, node: string): boolean {
    const { namespace } = pod.metadata;
    const unbound = claimsOf(pod).filter((claim) => {
      const found = this.#store.get<PersistentVolumeClaim>("persistentvolumeclaims", namespace, claim);
      return found !== undefined && found.status?.phase !== "Bound";
    });
    for (const claim of unbound)
      this.#store.mutate("persistentvolumeclaims", namespace, claim, ({ metadata }) => {
        metadata.annotations = { ...metadata.annotations, [SELECTED_NODE]: node };
      });
    return unbound.length > 0;
  }

  #bind(pod: Pod, node: string): void {
    const { namespace, name } = pod.metadata;
    this.#waiting.delete(keyOf(pod));
    this.#store.mutate<Pod>("pods", namespace, name, (draft) => {
      draft.spec.nodeName = node;
      draft.status = { ...draft.status, conditions: this.#scheduled(draft, { status: "True" }) };
    });
    const message = `Successfully assigned ${namespace}/${name} to ${node}`;
    this.#record(pod, { type: "Normal", reason: "Scheduled", message });
  }

  #refuse(pod: Pod, message: string): void {
    this.#record(pod, { type: "Warning", reason: "FailedScheduling", message });
    this.#store.mutate<Pod>("pods", pod.metadata.namespace, pod.metadata.name, (draft) => {
      const change = { status: "False", reason: "Unschedulable", message };
      draft.status = { ...draft.status, conditions: this.#scheduled(draft, change) };
    });
  }

  #scheduled(pod: Pod, change: { status: string; reason?: string; message?: string }): PodCondition[] {
    const conditions = pod.status?.conditions ?? [];
    const before = conditions.find(({ type }) => type === "PodScheduled");
    const lastTransitionTime =
      before?.status === change.status && before.lastTransitionTime !== undefined
        ? before.lastTransitionTime
        : timestamp(this.#clock());
    const others = conditions.filter(({ type }) => type !== "PodScheduled");
    return [...others, { type: "PodScheduled", ...change, lastTransitionTime }];
  }
}

/** In the words of Kubernetes' own source (plugin VolumeRestrictions); not measured. */
function taken(nodes: number): string {
  const none = `0/${nodes} nodes are available:`;
  const why = "node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access mode";
  return `${none} ${nodes} ${why}. no new claims to deallocate, preemption: ${none} ${nodes} No preemption victims found for incoming pod.`;
}

/** No node can help: the claim is at fault. */
function impossible(nodes: number, why: string): string {
  const none = `0/${nodes} nodes are available`;
  const preemption = `no new claims to deallocate, preemption: ${none}: ${nodes} Preemption is not helpful for scheduling.`;
  return `${none}: ${why}. ${preemption}`;
}
