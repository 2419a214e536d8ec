import type { PodAffinityTerm } from "kubernetes-types/core/v1";
import { selectsLabels } from "../../api/admission/webhooks/label-selector.ts";
import type { Store } from "../../types.ts";
import { hasEnded, type Node, type Pod } from "../objects.ts";

/**
 * Why a pod may not be beside the pods of that node, in the scheduler's own words; undefined when it may. Terms that are only
 * preferred, namespaceSelector and matchLabelKeys count nothing here.
 */
export function misplaced(store: Pick<Store, "list">, pod: Pod, node: Node): string | undefined {
  const { podAffinity, podAntiAffinity } = pod.spec.affinity ?? {};
  const near = podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
  const far = podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
  if (near.length + far.length === 0) return undefined;
  const nodes = new Map(store.list<Node>("nodes").map((one) => [one.metadata.name, one.metadata.labels ?? {}]));
  const placed = store.list<Pod>("pods").filter((one) => one.spec.nodeName !== undefined && !hasEnded(one));
  const here = ({ topologyKey }: PodAffinityTerm): string | undefined => node.metadata.labels?.[topologyKey];
  const others = (term: PodAffinityTerm): readonly Pod[] => placed.filter((one) => isMeant(term, one, pod));
  const inSame = (term: PodAffinityTerm, one: Pod): boolean =>
    here(term) !== undefined && nodes.get(one.spec.nodeName ?? "")?.[term.topologyKey] === here(term);
  // The first of a group that is to be together goes anywhere: else none of it could ever be placed.
  const isFirst = near.every(
    (term) => others(term).length === 0 && isMeant(term, pod, pod) && here(term) !== undefined,
  );
  if (!isFirst && !near.every((term) => others(term).some((one) => inSame(term, one))))
    return "node(s) didn't match pod affinity rules";
  if (far.some((term) => others(term).some((one) => inSame(term, one))))
    return "node(s) didn't match pod anti-affinity rules";
  return undefined;
}

function isMeant({ labelSelector, namespaces }: PodAffinityTerm, one: Pod, pod: Pod): boolean {
  const within = namespaces?.length ? namespaces : [pod.metadata.namespace];
  // Here an absent selector selects nothing.
  if (labelSelector === undefined || !within.includes(one.metadata.namespace)) return false;
  return selectsLabels(labelSelector, one.metadata.labels);
}
