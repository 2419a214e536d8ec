import type { PodFailurePolicy, PodFailurePolicyRule } from "kubernetes-types/batch/v1";
import type { Pod } from "../objects.ts";

/** What a Job's podFailurePolicy says of a failed pod. */
export type PolicyVerdict =
  | { readonly action: "Count" | "Ignore" }
  | { readonly action: "FailJob"; readonly message: string };

/** The first rule that matches decides; a pod that no rule matches counts as usual. */
export function judgeFailure(policy: PodFailurePolicy | undefined, pod: Pod): PolicyVerdict {
  for (const [index, rule] of (policy?.rules ?? []).entries()) {
    const match = exitCodeMatch(rule, pod) ?? conditionMatch(rule, pod);
    if (match === undefined) continue;
    if (rule.action === "Ignore") return { action: "Ignore" };
    if (rule.action === "FailJob") {
      return { action: "FailJob", message: `${match} matching FailJob rule at index ${index}` };
    }
    return { action: "Count" };
  }
  return { action: "Count" };
}

function exitCodeMatch(rule: PodFailurePolicyRule, pod: Pod): string | undefined {
  const { onExitCodes } = rule;
  if (onExitCodes === undefined) return undefined;
  const statuses = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])];
  for (const { name, state } of statuses) {
    const exitCode = state?.terminated?.exitCode ?? 0;
    if (exitCode === 0 || (onExitCodes.containerName ?? name) !== name) continue;
    if (onExitCodes.values.includes(exitCode) === (onExitCodes.operator === "In")) {
      return `Container ${name} for pod ${pod.metadata.namespace}/${pod.metadata.name} failed with exit code ${exitCode}`;
    }
  }
  return undefined;
}

function conditionMatch(rule: PodFailurePolicyRule, pod: Pod): string | undefined {
  for (const pattern of rule.onPodConditions ?? []) {
    const { type, status = "True" } = pattern;
    if (pod.status?.conditions?.some((condition) => condition.type === type && condition.status === status)) {
      return `Pod ${pod.metadata.namespace}/${pod.metadata.name} has condition ${type}`;
    }
  }
  return undefined;
}
