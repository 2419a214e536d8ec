/** Where a pod may go. */
import { isLabelValue } from "../../kubernetes-formats.ts";
import { between, each, type FieldRules, oneOf, text } from "./field-rule.ts";
import { label, positive, qualified } from "./values.ts";

const weight = between(1, 100);

export const SCHEDULING_RULES: FieldRules = {
  TopologySpreadConstraint: {
    maxSkew: positive,
    minDomains: positive,
    topologyKey: qualified,
    whenUnsatisfiable: oneOf("DoNotSchedule", "ScheduleAnyway"),
    nodeAffinityPolicy: oneOf("Honor", "Ignore"),
    nodeTaintsPolicy: oneOf("Honor", "Ignore"),
    matchLabelKeys: each(qualified),
  },
  Toleration: {
    key: qualified,
    operator: oneOf("Exists", "Equal"),
    value: text(isLabelValue, "is no value of a taint"),
    effect: oneOf("NoSchedule", "PreferNoSchedule", "NoExecute"),
  },
  NodeSelectorRequirement: { operator: oneOf("In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt") },
  PreferredSchedulingTerm: { weight },
  WeightedPodAffinityTerm: { weight },
  PodAffinityTerm: {
    topologyKey: qualified,
    namespaces: each(label),
    matchLabelKeys: each(qualified),
    mismatchLabelKeys: each(qualified),
  },
};
