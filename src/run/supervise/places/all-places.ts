/** All places of the policy: also the namespaces that one of its patterns fits, where a list of the whole cluster shows them. */
import { ApiError } from "../../../kubernetes/api-error.ts";
import { jobs } from "../../../kubernetes/resource-types.ts";
import { knownAgents } from "../../../paperclip/known-agents.ts";
import { matchesAny, type Policy, type PolicyPlace, placesOf, type Who } from "../../../policy/policy.ts";
import { paperclipHome } from "../../plan/plan.ts";
import type { Dependencies } from "../../shared/dependencies.ts";
import { madeBy, RUNS_AND_PROBES } from "../../shared/names.ts";
import { tellOnce } from "../../shared/tell-once.ts";
import type { Place } from "./places.ts";

/** @param label of this Paperclip, see Installation */
export async function allPlaces(
  policy: Policy,
  label: string,
  deps: Dependencies,
  tell: (message: string) => void,
  signal: AbortSignal,
): Promise<readonly Place[]> {
  const known = await knownAgents(paperclipHome(deps.env));
  const named = placesOf(policy, known);
  const found = await Promise.all(named.map((place) => behindPatterns(place, known, label, deps, tell, signal)));
  return [...named, ...found.flat()];
}

async function behindPatterns(
  { cluster, open }: PolicyPlace,
  known: readonly Who[],
  label: string,
  { clusters }: Dependencies,
  tell: (message: string) => void,
  signal: AbortSignal,
): Promise<readonly Place[]> {
  if (open.length === 0) return [];
  const lease = await clusters.acquire(cluster).catch(() => null);
  if (lease === null) return [];
  try {
    const { items } = await lease.client.list(jobs, undefined, {
      labelSelector: madeBy(RUNS_AND_PROBES, label),
      signal,
      retryForMs: 0,
    });
    const namespaces = new Set(items.map(({ metadata }) => metadata.namespace ?? ""));
    const people = known.length > 0 ? known : [{ companyId: "", agentId: "" }];
    const isOpen = (namespace: string): boolean => people.some((who) => matchesAny(open, namespace, who));
    return [...namespaces].filter(isOpen).map((namespace) => ({ cluster, namespace }));
  } catch (error) {
    if (error instanceof ApiError && error.forbidden) tellOnce(tell, blind(open));
    return [];
  } finally {
    await lease.release();
  }
}

const blind = (open: readonly string[]): string =>
  `Runs that a restart of Paperclip leaves in namespaces like ${open.join(", ")} are found only by the next run of their task: Paperclip may not list the Jobs of all namespaces. Name the namespaces in the policy (clusters, namespaces), or grant its account \`list jobs\` in a ClusterRole.`;
