import type { NodeCondition, Taint } from "kubernetes-types/core/v1";
import { type Node, timestamp } from "../controllers/objects.ts";
import type { Store } from "../types.ts";
import { ADDRESS } from "./fields.ts";

export interface NodeDescription {
  /** Added to the usual ones. */
  readonly labels?: Readonly<Record<string, string>>;
  readonly taints?: readonly Taint[];
  /** Quantities. @default { cpu: "4", memory: "8Gi", pods: "110" } */
  readonly capacity?: Readonly<Record<string, string>>;
}

const NAME = "devcluster-node";
const UNREACHABLE = "node.kubernetes.io/unreachable";

/** Registers the node, ready at once, and returns its name. */
export function registerNode(store: Store, description: NodeDescription, now: number): string {
  const { taints } = description;
  const capacity = { cpu: "4", memory: "8Gi", pods: "110", ...description.capacity };
  store.create("nodes", {
    metadata: {
      name: NAME,
      labels: {
        "kubernetes.io/hostname": NAME,
        "kubernetes.io/os": "linux",
        "kubernetes.io/arch": process.arch === "x64" ? "amd64" : process.arch,
        ...description.labels,
      },
    },
    spec: taints === undefined ? {} : { taints: [...taints] },
  });
  store.mutate<Node>("nodes", "", NAME, (draft) => {
    draft.status = {
      capacity,
      allocatable: capacity,
      conditions: [readyCondition("True", "KubeletReady", "kubelet is posting ready status", now)],
      addresses: [{ type: "InternalIP", address: ADDRESS }],
    };
  });
  return NAME;
}

/** What the control plane writes when a node is not heard of any more. */
export function markUnreachable(store: Store, name: string, now: number): void {
  const timeAdded = timestamp(now);
  store.mutate<Node>("nodes", "", name, (draft) => {
    const reason = "NodeStatusUnknown";
    const ready = readyCondition("Unknown", reason, "Kubelet stopped posting node status.", now);
    const others = draft.status?.conditions?.filter(({ type }) => type !== "Ready") ?? [];
    draft.status = { ...draft.status, conditions: [...others, ready] };
    const taints = draft.spec.taints?.filter(({ key }) => key !== UNREACHABLE) ?? [];
    const effects = ["NoSchedule", "NoExecute"].map((effect) => ({ key: UNREACHABLE, effect, timeAdded }));
    draft.spec.taints = [...taints, ...effects];
  });
}

/** What the control plane writes when the node is heard of again. */
export function markReachable(store: Store, name: string, now: number): void {
  store.mutate<Node>("nodes", "", name, (draft) => {
    const ready = readyCondition("True", "KubeletReady", "kubelet is posting ready status", now);
    const others = draft.status?.conditions?.filter(({ type }) => type !== "Ready") ?? [];
    draft.status = { ...draft.status, conditions: [...others, ready] };
    const taints = draft.spec.taints?.filter(({ key }) => key !== UNREACHABLE) ?? [];
    if (taints.length > 0) draft.spec.taints = taints;
    else delete draft.spec.taints;
  });
}

function readyCondition(status: string, reason: string, message: string, now: number): NodeCondition {
  const stamp = timestamp(now);
  return { type: "Ready", status, reason, message, lastHeartbeatTime: stamp, lastTransitionTime: stamp };
}
