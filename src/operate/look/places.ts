/** The clusters and namespaces that a command looks in. */
import type { ClusterLease } from "../../kubernetes/cluster-registry.ts";
import { KubeconfigError } from "../../kubernetes/config/kubeconfig-error.ts";
import type { Policy } from "../../policy/policy.ts";
import { allPlaces, distinct, type Place } from "../../run/supervise/supervise.ts";
import type { Scope } from "./scope.ts";
import type { Surroundings } from "./surroundings.ts";

export interface OpenPlace {
  readonly lease: ClusterLease;
  /** undefined: all namespaces of the cluster. */
  readonly namespace: string | undefined;
}

export interface OpenPlaces extends AsyncDisposable {
  readonly places: readonly OpenPlace[];
  /** Places of the policy that cannot be reached, in sentences; where none can be, opening throws. */
  readonly unreached: readonly string[];
}

/** Throws KubeconfigError, PolicyError where the policy is to say which places there are, or the signal's reason. */
export async function openPlaces(around: Surroundings, scope: Scope, signal: AbortSignal): Promise<OpenPlaces> {
  const found = await placesIn(around, scope, signal);
  const opened: OpenPlace[] = [];
  const unreached: string[] = [];
  let problem: unknown;
  for (const { cluster, namespace } of found) {
    try {
      const lease = await around.deps.clusters.acquire(cluster);
      opened.push({ lease, namespace: namespace === ALL ? undefined : (namespace ?? lease.cluster.namespace) });
    } catch (error) {
      if (!(error instanceof KubeconfigError)) throw error;
      problem ??= error;
      unreached.push(`${error.message} ${error.fix}`);
    }
  }
  if (opened.length === 0) throw problem;
  return {
    places: opened,
    unreached,
    [Symbol.asyncDispose]: async () => {
      await Promise.all(opened.map(({ lease }) => lease.release()));
    },
  };
}

/** No namespace has this name. */
const ALL = "*";

async function placesIn(around: Surroundings, scope: Scope, signal: AbortSignal): Promise<readonly Place[]> {
  const { policy, policyProblem, deps } = around;
  const names = scope.cluster.kubeconfig !== undefined || scope.cluster.context !== undefined;
  if (!scope.allPlaces) return [names ? { cluster: {}, namespace: scope.namespace } : defaultPlace(policy, scope)];
  if (!names && policyProblem) throw policyProblem;
  if (names || !policy || policy.path === null) return [{ cluster: {}, namespace: ALL }];
  return distinct(await allPlaces(policy, around.own?.label ?? "", deps, deps.log, signal));
}

/** A template stands for many namespaces. */
function defaultPlace(policy: Policy | null, { namespace }: Scope): Place {
  const { kubeconfig, context, namespace: own } = policy?.clusters.default ?? {};
  const cluster = { ...(kubeconfig ? { kubeconfig } : {}), ...(context ? { context } : {}) };
  return { cluster, namespace: namespace ?? (own?.includes("{") ? null : (own ?? null)) };
}
