/** What a command knows before it asks a cluster: the policy, which Paperclip this is, the way to clusters. */
import type { Cluster, ClusterOptions } from "../../kubernetes/cluster.ts";
import { openCluster } from "../../kubernetes/cluster.ts";
import { ClusterRegistry } from "../../kubernetes/cluster-registry.ts";
import { type Installation, readInstallationOnDisk } from "../../paperclip/installation.ts";
import { type Policy, readPolicy } from "../../policy/policy.ts";
import { type Dependencies, realDependencies } from "../../run/shared/dependencies.ts";
import type { Scope } from "./scope.ts";

export interface Surroundings {
  readonly deps: Dependencies;
  /** Null: there is none that can be read; `policyProblem` says why. */
  readonly policy: Policy | null;
  readonly policyProblem: Error | null;
  /** This Paperclip, where its home or the policy says which it is; else null. */
  readonly own: Installation | null;
}

/** Milliseconds for which a call is repeated: whoever waits can ask again. */
const RETRY_FOR_MS = 1_000;
const REQUEST_MS = 15_000;

/** Never rejects for what it finds. `tell`: gets what the clusters' watches warn of. */
export async function readSurroundings(
  scope: Scope,
  env: NodeJS.ProcessEnv,
  tell: (message: string) => void,
): Promise<Surroundings> {
  const { policy, problem } = await readPolicy(env).then(
    (read) => ({ policy: read, problem: null }),
    (error: Error) => ({ policy: null, problem: error }),
  );
  const clusters = operatorClusters(scope, tell);
  const deps = { ...realDependencies(), env, clusters, paperclipUrl: () => scope.paperclip.url, log: tell };
  return { deps, policy, policyProblem: problem, own: await readInstallationOnDisk(env, policy?.instance ?? null) };
}

/** The way to clusters of somebody who waits at a terminal. */
export function operatorClusters(scope: Pick<Scope, "cluster" | "namespace">, warn: (message: string) => void) {
  return new ClusterRegistry({
    open: (options) => openNamed(options, scope),
    warn,
    retryForMs: RETRY_FOR_MS,
    requestTimeoutMs: REQUEST_MS,
    userAgent: "claude-k8s",
  });
}

/** What the operator names on the command line is the default cluster, also for the environment test. */
async function openNamed(options: ClusterOptions, scope: Pick<Scope, "cluster" | "namespace">): Promise<Cluster> {
  const isDefault = options.kubeconfig === undefined && options.context === undefined;
  const cluster = await openCluster(isDefault ? scope.cluster : options);
  return isDefault && scope.namespace !== null ? inNamespace(cluster, scope.namespace) : cluster;
}

/** The same cluster, with another default namespace. */
function inNamespace(cluster: Cluster, namespace: string): Cluster {
  return {
    server: cluster.server,
    source: cluster.source,
    namespace,
    id: `${cluster.id}/${namespace}`,
    get dispatcher() {
      return cluster.dispatcher;
    },
    headers: () => cluster.headers(),
    forgetCredentials: () => cluster.forgetCredentials(),
    close: () => cluster.close(),
  };
}
