import type { NodeSelectorRequirement, NodeSelectorTerm, Taint, Toleration } from "kubernetes-types/core/v1";
import type { Node, Pod } from "../objects.ts";
import { quantity } from "./quantity.ts";
import { type Requests, requestsOf } from "./requests.ts";

/** Why a pod cannot go to a node, in the scheduler's own words; empty when it can. */
export function misfits(pod: Pod, node: Node, others: readonly Requests[]): string[] {
  const reason = unsuitable(pod, node);
  return reason === undefined ? shortages(pod, node, others) : [reason];
}

/** What no eviction of other pods would change. */
function unsuitable(pod: Pod, node: Node): string | undefined {
  const tolerations = pod.spec.tolerations ?? [];
  const cordoned: Taint = { key: "node.kubernetes.io/unschedulable", effect: "NoSchedule" };
  if (node.spec?.unschedulable === true && !tolerations.some((toleration) => tolerates(toleration, cordoned))) {
    return "node(s) were unschedulable";
  }
  const taint = node.spec?.taints?.find(
    (candidate) =>
      candidate.effect !== "PreferNoSchedule" && !tolerations.some((toleration) => tolerates(toleration, candidate)),
  );
  if (taint !== undefined) return `node(s) had untolerated taint {${taint.key}: ${taint.value ?? ""}}`;
  return selects(pod, node) ? undefined : "node(s) didn't match Pod's node affinity/selector";
}

function shortages(pod: Pod, node: Node, others: readonly Requests[]): string[] {
  const wanted = requestsOf(pod);
  const room = node.status?.allocatable ?? {};
  const reasons = others.length >= quantity(room.pods ?? 110) ? ["Too many pods"] : [];
  for (const resource of ["cpu", "memory"] as const) {
    const used = others.reduce((sum, other) => sum + other[resource], 0);
    if (wanted[resource] > 0 && used + wanted[resource] > quantity(room[resource] ?? 0)) {
      reasons.push(`Insufficient ${resource}`);
    }
  }
  return reasons;
}

export function tolerates(toleration: Toleration, taint: Taint): boolean {
  const { key, operator = "Equal", value = "", effect } = toleration;
  if (effect !== undefined && effect !== "" && effect !== taint.effect) return false;
  if (key !== undefined && key !== "" && key !== taint.key) return false;
  return operator === "Exists" || value === (taint.value ?? "");
}

function selects(pod: Pod, node: Node): boolean {
  const labels = node.metadata.labels ?? {};
  const wanted = Object.entries(pod.spec.nodeSelector ?? {});
  if (!wanted.every(([key, value]) => labels[key] === value)) return false;
  const required = pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  return required === undefined || required.nodeSelectorTerms.some((term) => matches(term, node));
}

function matches({ matchExpressions = [], matchFields = [] }: NodeSelectorTerm, node: Node): boolean {
  if (matchExpressions.length + matchFields.length === 0) return false;
  const labels = node.metadata.labels ?? {};
  const fields: Record<string, string> = { "metadata.name": node.metadata.name };
  return (
    matchExpressions.every((requirement) => meets(requirement, labels[requirement.key])) &&
    matchFields.every((requirement) => meets(requirement, fields[requirement.key]))
  );
}

function meets({ operator, values = [] }: NodeSelectorRequirement, actual: string | undefined): boolean {
  switch (operator) {
    case "In":
      return actual !== undefined && values.includes(actual);
    case "NotIn":
      return actual === undefined || !values.includes(actual);
    case "Exists":
      return actual !== undefined;
    case "DoesNotExist":
      return actual === undefined;
    case "Gt":
      return Number(actual) > Number(values[0]);
    case "Lt":
      return Number(actual) < Number(values[0]);
    default:
      return false;
  }
}
