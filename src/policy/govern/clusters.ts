/** Which cluster and namespace a configuration means, as far as the policy lists them. */
import { resolve } from "node:path";
import type { AgentConfig } from "../../config/agent-config.ts";
import { filledIn, isUpToTheAgent, matchesAny } from "../pattern.ts";
import type { ClusterRule, Policy } from "../rules.ts";
import { type Grant, listed, type Refusal, shown } from "./refusal.ts";
import type { Who } from "./who.ts";

export interface ChosenCluster {
  /** Of the policy; null: a cluster that only trusted agents may name. */
  readonly name: string | null;
  readonly rule: ClusterRule;
}

type Asked = Pick<AgentConfig, "cluster" | "kubeconfig" | "kubeContext">;

const OPEN: ClusterRule = { namespaces: ["*"], defaults: {} };

/** The way of a cluster as a kubeconfig's path and context; undefined is Paperclip's own. */
const isWay = (rule: ClusterRule, { kubeconfig, kubeContext }: Asked, own: readonly string[]): boolean => {
  const file = kubeconfig === null ? null : resolve(kubeconfig);
  const sameFile =
    rule.kubeconfig === undefined
      ? file === null || own.some((one) => resolve(one) === file)
      : file === resolve(rule.kubeconfig);
  return sameFile && (rule.context ?? null) === kubeContext;
};

/** The cluster, or why the policy has none such. */
export function chooseCluster(asked: Asked, policy: Policy): ChosenCluster | Refusal {
  const { clusters, ownKubeconfigs } = policy;
  const named = Object.hasOwn(clusters, asked.cluster ?? "default") ? clusters[asked.cluster ?? "default"] : undefined;
  const namesWay = asked.kubeconfig !== null || asked.kubeContext !== null;
  if (asked.cluster !== null && !named) return unknownCluster(asked.cluster, policy);
  if (named && !namesWay) return { name: asked.cluster ?? "default", rule: named };
  const candidates = asked.cluster !== null && named ? [[asked.cluster, named] as const] : Object.entries(clusters);
  // Who names a kubeconfig alone means its current context, which is another cluster than one of its contexts may be.
  const found = candidates.find(([, rule]) => {
    const isNamed = asked.cluster !== null && asked.kubeContext === null;
    return isWay(rule, isNamed ? { ...asked, kubeContext: rule.context ?? null } : asked, ownKubeconfigs);
  });
  if (found) return { name: found[0], rule: found[1] };
  if (policy.trust === "full" && asked.cluster === null) return { name: null, rule: openRule(asked) };
  return foreignWay(asked, policy);
}

function openRule({ kubeconfig, kubeContext }: Asked): ClusterRule {
  return { ...OPEN, ...(kubeconfig ? { kubeconfig } : {}), ...(kubeContext ? { context: kubeContext } : {}) };
}

function unknownCluster(name: string, { clusters }: Policy): Refusal {
  const value = { kubeconfig: `/etc/paperclip-k8s/${name}.yaml`, namespaces: [] };
  return {
    field: "cluster",
    asked: shown(name),
    allowed: listed(Object.keys(clusters)),
    grant: { path: ["clusters", name], value, isList: false },
  };
}

function foreignWay({ cluster, kubeconfig, kubeContext }: Asked, policy: Policy): Refusal {
  const field = kubeconfig === null ? "kubeContext" : "kubeconfig";
  const value = { ...(kubeconfig ? { kubeconfig } : {}), ...(kubeContext ? { context: kubeContext } : {}) };
  const asked =
    kubeconfig !== null && kubeContext !== null
      ? `${shown(kubeconfig)} with the context ${shown(kubeContext)}`
      : shown(kubeconfig ?? kubeContext);
  const grant: Grant = { path: ["clusters", cluster ?? "NAME"], value, isList: false };
  return {
    field,
    asked,
    allowed: `it allows only what a cluster there names (${Object.keys(policy.clusters).join(", ")})`,
    grant,
  };
}

/** What an agent may name beside the cluster's own namespace, which only the cluster knows. */
export function namespaceRefusal(namespace: string | null, { name, rule }: ChosenCluster, who: Who): Refusal | null {
  if (namespace === null || defaultNamespace(rule, who) === namespace || matchesAny(rule.namespaces, namespace, who))
    return null;
  const patterns = rule.namespaces.map((pattern) => filledIn(pattern, who));
  return {
    field: "namespace",
    asked: shown(namespace),
    allowed:
      patterns.length === 0
        ? "it allows only the cluster's default namespace"
        : `${listed(patterns)} and the default one`,
    grant: { path: ["clusters", name ?? "default", "namespaces"], value: namespace, isList: true },
    isUpToTheAgent: isUpToTheAgent([...rule.namespaces, ...(rule.namespace ? [rule.namespace] : [])], namespace, who),
  };
}

export const defaultNamespace = ({ namespace }: ClusterRule, who: Who): string | null =>
  namespace === undefined ? null : filledIn(namespace, who);
