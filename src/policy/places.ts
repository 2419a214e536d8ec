/** Where Jobs can be: the policy's clusters and namespaces. What looks after lost runs goes there, also after a restart. Pure. */

import type { Who } from "./govern/who.ts";
import { filledIn } from "./pattern.ts";
import type { ClusterRule, Policy } from "./rules.ts";

export interface PolicyPlace {
  /** The way to the cluster. */
  readonly cluster: Pick<ClusterRule, "kubeconfig" | "context">;
  /** Null: the cluster's default namespace. */
  readonly namespace: string | null;
  /** The place stands for every namespace that a pattern of the policy fits; only a list of the whole cluster finds those. */
  readonly open: readonly string[];
}

/** Namespaces of one cluster: more are none that one account looks after every few seconds. */
const MAX_NAMESPACES = 1000;

/** @param known whose ids the templates may hold */
export function placesOf(policy: Policy, known: readonly Who[]): readonly PolicyPlace[] {
  return Object.values(policy.clusters).flatMap((rule) => {
    const { kubeconfig, context } = rule;
    const cluster = { ...(kubeconfig ? { kubeconfig } : {}), ...(context ? { context } : {}) };
    const isOpen = (pattern: string): boolean => pattern.includes("*");
    const named = rule.namespaces.filter((pattern) => !isOpen(pattern));
    const listed = [...(rule.namespace ? [rule.namespace] : []), ...named].flatMap((pattern) =>
      filledForAll(pattern, known),
    );
    const namespaces = [...new Set(listed)].slice(0, MAX_NAMESPACES);
    const places = namespaces.map((namespace) => ({ cluster, namespace, open: [] }));
    const own = rule.namespace === undefined ? [null] : [];
    const open = rule.namespaces.filter(isOpen);
    if (own.length === 0 && open.length === 0) return places;
    return [...places, { cluster, namespace: null, open }];
  });
}

function filledForAll(pattern: string, known: readonly Who[]): readonly string[] {
  return /\{(companyId|agentId)\}/.test(pattern) ? known.map((who) => filledIn(pattern, who)) : [pattern];
}
