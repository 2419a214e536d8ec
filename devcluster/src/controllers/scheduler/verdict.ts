import type { Node, Pod } from "../objects.ts";
import { misfits } from "./fit.ts";
import type { Requests } from "./requests.ts";

export type Placement =
  | { readonly kind: "node"; readonly name: string }
  | { readonly kind: "unschedulable"; readonly message: string };

/** Where other pods in the way could be evicted; the devcluster never does. */
const NO_VICTIMS = "No preemption victims found for incoming pod.";
const NOT_HELPFUL = "Preemption is not helpful for scheduling.";

/** The first node that fits, or why none does; the wording of the first form below is measured on 1.36. */
export function place(
  pod: Pod,
  nodes: readonly Node[],
  usage: (node: string) => readonly Requests[],
  misplaced: (node: Node) => string | undefined,
): Placement {
  if (nodes.length === 0) return { kind: "unschedulable", message: "no nodes available to schedule pods" };
  const reasons = new Map<string, number>();
  let crowded = 0;
  for (const node of nodes) {
    const apart = misplaced(node);
    const found = apart === undefined ? misfits(pod, node, usage(node.metadata.name)) : [apart];
    if (found.length === 0) return { kind: "node", name: node.metadata.name };
    for (const reason of found) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
    if (found.every((reason) => !reason.startsWith("node(s)"))) crowded += 1;
  }
  const none = `0/${nodes.length} nodes are available:`;
  const why = [...reasons].map(([reason, count]) => `${count} ${reason}`).sort();
  const hopeless = nodes.length - crowded;
  const preemption = [
    ...(crowded > 0 ? [`${crowded} ${NO_VICTIMS}`] : []),
    ...(hopeless > 0 ? [`${hopeless} ${NOT_HELPFUL}`] : []),
  ];
  const message = `${none} ${why.join(", ")}. no new claims to deallocate, preemption: ${none} ${preemption.join(", ")}`;
  return { kind: "unschedulable", message };
}
