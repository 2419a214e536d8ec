import type { LabelSelector, LabelSelectorRequirement } from "kubernetes-types/meta/v1";
import type { NetworkPolicy } from "kubernetes-types/networking/v1";
import { ApiError } from "../../kubernetes/api-error.ts";
import { networkPolicies } from "../../kubernetes/resource-types.ts";
import { adviceFor } from "../../run/shared/api-advice.ts";
import { type Check, info, problem } from "../check.ts";

/** Do NetworkPolicies limit what agents' pods reach, and who reaches them? The right to look is optional. */
export const checkNetworkPolicy: Check = async ({ client, namespace, plan, call }) => {
  // The plan's own problems are reported by the checks on the configuration.
  if (plan instanceof Error) return [];
  try {
    const { items } = await client.list(networkPolicies, namespace, call);
    const labels = plan.job.spec?.template.metadata?.labels ?? {};
    const selecting = items.filter(({ spec }) => selects(spec?.podSelector ?? {}, labels));
    const open = DIRECTIONS.filter((direction) => !selecting.some((policy) => typesOf(policy).includes(direction)));
    if (open.length === 0) {
      const names = selecting.map(({ metadata }) => metadata.name).join(", ");
      const message = `NetworkPolicies limit the agents' pods in ${namespace}: ${names}.`;
      return [
        info("k8s_network_policy", `${message} Whether they have an effect is up to the cluster's network plugin.`),
      ];
    }
    return [problem("warn", "k8s_network_policy_missing", `${OPEN[open.join()]}${ELSEWHERE}`, FIX)];
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.forbidden) {
      const which = "the optional right to list them (deploy/rbac.yaml) is not granted";
      return [info("k8s_network_policy_unchecked", `NetworkPolicies were not looked at: ${which}.`)];
    }
    return [problem("warn", "k8s_network_policy_check_failed", error.message, adviceFor(error))];
  }
};

const DIRECTIONS = ["Egress", "Ingress"] as const;

const OPEN: Readonly<Record<string, string>> = {
  "Egress,Ingress":
    "No NetworkPolicy selects the agents' pods: they reach every address that their nodes reach, and every pod reaches them",
  Egress: "No NetworkPolicy limits what the agents' pods reach: they reach every address that their nodes reach",
  Ingress: "No NetworkPolicy limits who reaches the agents' pods: every pod of the cluster does",
};
/** Cilium's, Calico's and the like are other kinds, which nobody looked at. */
const ELSEWHERE = ", unless policies of another kind forbid it.";
const FIX = "Apply those of deploy/kustomize/base, or others that fit (docs/deploy.md).";

/** What the policy limits; where it does not say, as the API server fills it in. */
const typesOf = ({ spec }: NetworkPolicy): readonly string[] =>
  spec?.policyTypes ?? (spec?.egress?.length ? ["Ingress", "Egress"] : ["Ingress"]);

/** An empty selector selects every pod. */
function selects({ matchLabels = {}, matchExpressions = [] }: LabelSelector, labels: Record<string, string>): boolean {
  const equal = Object.entries(matchLabels).every(([key, value]) => labels[key] === value);
  return equal && matchExpressions.every((requirement) => meets(requirement, labels[requirement.key]));
}

function meets({ operator, values = [] }: LabelSelectorRequirement, value: string | undefined): boolean {
  switch (operator) {
    case "In":
      return value !== undefined && values.includes(value);
    case "NotIn":
      return value === undefined || !values.includes(value);
    case "Exists":
      return value !== undefined;
    case "DoesNotExist":
      return value === undefined;
    default:
      return false;
  }
}
