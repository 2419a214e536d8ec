/**
 * Looks after Jobs whose Paperclip process is gone. Paperclip has no way to hand a run that was lost back to its adapter
 * (2026.916.1), so the task's next run adopts the Job, and somebody must ask for that run: this does. It keeps no state
 * that matters; several processes may do it at the same time, for the Job itself decides between them.
 */
import { autoRecovery } from "../../config/operator.ts";
import { ApiError } from "../../kubernetes/api-error.ts";
import { systemClock } from "../../kubernetes/clock.ts";
import type { ClusterLease } from "../../kubernetes/cluster-registry.ts";
import { KubeconfigError } from "../../kubernetes/config/kubeconfig-error.ts";
import { hostPodAddress } from "../../paperclip/host-pod.ts";
import { type Installation, readInstallation } from "../../paperclip/installation.ts";
import { createTokenOwnerReader } from "../../paperclip/token-owner.ts";
import type { Policy } from "../../policy/policy.ts";
import { createOwnershipReader, type ReadOwnership } from "../claim/claim.ts";
import { paperclipHome } from "../plan/plan.ts";
import { type Dependencies, realDependencies } from "../shared/dependencies.ts";
import { LABELS } from "../shared/names.ts";
import { tellOnce } from "../shared/tell-once.ts";
import { observerOfRuns } from "./found.ts";
import { allPlaces } from "./places/all-places.ts";
import type { HeldWatches } from "./places/held-watches.ts";
import { distinct, type Place, PlacesOfRuns } from "./places/places.ts";
import { type Look, Rounds } from "./places/rounds.ts";
import { reconcileNamespace } from "./reconcile.ts";

export { isInLine } from "./action.ts";
export { addActiveRun, removeActiveRun } from "./active-runs.ts";
export { type Judgement, judgeJob } from "./judge-job.ts";
export { allPlaces } from "./places/all-places.ts";
export { HeldWatches } from "./places/held-watches.ts";
export { distinct, type Place } from "./places/places.ts";
export { removeTranscriptCopies, unownedTranscriptCopies } from "./transcript-copies.ts";

/** One for the process. */
export const placesOfRuns = new PlacesOfRuns();
const roundsOfProcess = new Rounds(systemClock);

export interface SupervisorOptions {
  readonly dependencies?: Partial<Dependencies>;
  /**
   * Where to look. @default the clusters and namespaces of the policy (without one: the server's own), and those in which
   * runs of this process have created Jobs
   */
  readonly places?: readonly Place[];
  /** Is told what is done. @default `log` of the dependencies */
  readonly tell?: (message: string) => void;
  /** What this process has looked at. @default one for the process */
  readonly rounds?: Rounds;
  /** Where the watches are kept up from one call to the next. @default those of the process's runs are used, none is kept */
  readonly watches?: HeldWatches | undefined;
  readonly signal: AbortSignal;
}

/**
 * Reconciles every place once, but for those that an earlier call is still about. Never rejects: a place that cannot be
 * reached now may be next time.
 */
export async function superviseOnce(options: SupervisorOptions): Promise<void> {
  const { dependencies, places, tell, rounds = roundsOfProcess, watches, signal } = options;
  const deps = { ...realDependencies(), ...dependencies };
  const log = tell ?? deps.log;
  const policy = await lastGoodPolicy(deps, log);
  if (policy === null) return;
  const installation = await readInstallation(deps.env, policy.instance);
  const all = distinct(
    places ?? [...(await allPlaces(policy, installation.label, deps, log, signal)), ...placesOfRuns.all],
  );
  // Side by side: a cluster that does not answer holds up no other.
  const common = { policy, installation, deps, tell: log, watches, signal };
  await watches?.keepOnly(all);
  await Promise.all(all.map((place) => rounds.lookAt(place, () => reconcilePlace(place, common))));
}

/** Of this process: a policy that is broken now refuses new runs, and is no reason to leave running ones alone. */
let lastGood: Policy | null = null;

async function lastGoodPolicy({ env, readPolicy }: Dependencies, tell: (message: string) => void) {
  try {
    lastGood = await readPolicy(env);
  } catch (error) {
    const instead = lastGood === null ? "Nobody looks after lost runs" : "Lost runs are looked after as before";
    tellOnce(tell, `${instead}: ${error instanceof Error ? error.message : error}`);
  }
  return lastGood;
}

interface Round {
  readonly policy: Policy;
  readonly installation: Installation;
  readonly deps: Dependencies;
  readonly tell: (message: string) => void;
  readonly watches: HeldWatches | undefined;
  readonly signal: AbortSignal;
}

async function reconcilePlace(place: Place, round: Round): Promise<Look> {
  const { policy, deps, tell, signal } = round;
  let named = place.cluster.kubeconfig !== undefined || policy.path !== null || placesOfRuns.all.includes(place);
  try {
    const lease = await deps.clusters.acquire(place.cluster);
    named ||= lease.client.cluster.source === "in-cluster";
    const found = await reconcileAndRelease(place, lease, round);
    deps.telemetry.add("claude_k8s.supervisor.sweeps", 1, { outcome: "done" });
    return { found, named };
  } catch (error) {
    const look = { found: null, named };
    if (signal.aborted || isNoCluster(error)) return look;
    deps.telemetry.add("claude_k8s.supervisor.sweeps", 1, { outcome: "failed" });
    const why = error instanceof Error ? error.message : error;
    tellOnce(tell, `Cannot look for Jobs in ${JSON.stringify(place)}: ${why}`);
    return look;
  }
}

async function reconcileAndRelease(place: Place, lease: ClusterLease, round: Round): Promise<number> {
  try {
    return await reconcileLeased(place, lease, round);
  } finally {
    await lease.release();
  }
}

/** Resolves with the number of Jobs of this Paperclip. Throws ApiError when they cannot be listed. */
async function reconcileLeased(
  place: Place,
  lease: ClusterLease,
  { policy, installation, deps, tell, watches, signal }: Round,
): Promise<number> {
  const { client } = lease;
  const { env, paperclipUrl, telemetry } = deps;
  const namespace = place.namespace ?? client.cluster.namespace;
  const hostPod = await hostPodAddress(env, deps.readFile);
  const observer = observerOfRuns(lease, namespace, installation);
  const reconciled = reconcileNamespace({
    lease,
    namespace,
    installation,
    readOwnership: ownershipReader(client, installation, paperclipUrl),
    paperclipUrl,
    workspaceClaims: policy.workspaceClaims,
    paperclipHome: paperclipHome(env),
    isOwnNamespace: hostPod?.namespace === namespace,
    wakes: autoRecovery(env),
    found: async (watched) => watches?.settle(place, lease, observer, watched > 0),
    acted: (action) => telemetry.add("claude_k8s.supervisor.actions", 1, { action }),
    tell,
    tellOnce: (message) => tellOnce(tell, message),
    signal,
  });
  return reconciled.catch(async (error: unknown) => {
    // Watches without the right are lists, each few seconds.
    if (error instanceof ApiError && error.forbidden) await watches?.settle(place, lease, observer, false);
    throw error;
  });
}

/** Where neither the server nor its environment names a cluster, agents name theirs. */
const isNoCluster = (error: unknown): boolean => error instanceof KubeconfigError && error.code === "none";

/** Asks Paperclip itself where nothing else tells. */
export function ownershipReader(
  client: Parameters<typeof createOwnershipReader>[0]["client"],
  installation: Installation,
  paperclipUrl: Dependencies["paperclipUrl"],
): ReadOwnership {
  return (job, signal) => {
    const { labels = {} } = job.metadata ?? {};
    const agent = { id: labels[LABELS.agentId] ?? "", companyId: labels[LABELS.companyId] ?? "" };
    const readTokenOwner = createTokenOwnerReader({ url: paperclipUrl(agent) });
    return createOwnershipReader({ client, installation, readTokenOwner })(job, signal);
  };
}
