/**
 * Looks after Jobs whose Paperclip process is gone. Paperclip has no way to hand a run that was lost back to its adapter
 * (2026.916.1), so the task's next run adopts the Job, and somebody must ask for that run: this does. It keeps no state
 * that matters; several processes may do it at the same time, for the Job itself decides between them.
 */
import { autoRecovery } from "../../config/operator.ts";
import { hostPodAddress } from "../../paperclip/host-pod.ts";
import { paperclipHome } from "../plan/plan.ts";
import { type Dependencies, realDependencies } from "../shared/dependencies.ts";
import { placesFile, type RunPlace, readPlaces } from "./places.ts";
import { reconcileNamespace } from "./reconcile.ts";

export { addActiveRun, removeActiveRun } from "./active-runs.ts";
export { placesFile, rememberPlace } from "./places.ts";

export interface SupervisorOptions {
  readonly dependencies?: Partial<Dependencies>;
  /** Is told what is done. @default the process's log */
  readonly tell?: (message: string) => void;
  readonly signal: AbortSignal;
}

/** Reconciles every place that is known, once. Never rejects: a place that cannot be reached now may be next time. */
export async function superviseOnce({ dependencies, tell = log, signal }: SupervisorOptions): Promise<void> {
  const deps = { ...realDependencies(), ...dependencies };
  const file = placesFile(deps.env);
  const places = withOwnCluster(await readPlaces(file), deps.env);
  // Side by side: a cluster that does not answer holds up no other.
  await Promise.all(places.map((place) => reconcilePlace(place, deps, tell, signal)));
}

async function reconcilePlace(
  place: RunPlace,
  deps: Dependencies,
  tell: (message: string) => void,
  signal: AbortSignal,
): Promise<void> {
  try {
    const { kubeconfig, context } = place;
    const lease = await deps.clusters.acquire({
      ...(kubeconfig ? { kubeconfig } : {}),
      ...(context ? { context } : {}),
    });
    try {
      const namespace = place.namespace ?? lease.client.cluster.namespace;
      const { env, paperclipUrl } = deps;
      const hostPod = await hostPodAddress(env, deps.readFile);
      const once = (message: string): void => tellOnce(tell, message);
      await reconcileNamespace({
        lease,
        namespace,
        paperclipUrl,
        paperclipHome: paperclipHome(env),
        isOwnNamespace: hostPod?.namespace === namespace,
        wakes: autoRecovery(env),
        tell,
        tellOnce: once,
        signal,
      });
    } finally {
      await lease.release();
    }
  } catch (error) {
    if (signal.aborted) return;
    tellOnce(
      tell,
      `Cannot look for Jobs in ${JSON.stringify(place)}: ${error instanceof Error ? error.message : error}`,
    );
  }
}

/** In a cluster the own namespace is always looked at, also by a process that has no memory. */
function withOwnCluster(places: readonly RunPlace[], env: NodeJS.ProcessEnv): readonly RunPlace[] {
  const own: RunPlace = { kubeconfig: null, context: null, namespace: null };
  const known = places.some(
    ({ kubeconfig, context, namespace }) => kubeconfig === null && context === null && namespace === null,
  );
  return env.KUBERNETES_SERVICE_HOST && !known ? [own, ...places] : places;
}

const log = (message: string): void => console.warn(`[claude_k8s] ${message}`);

/** The last messages that were told once; the oldest is forgotten first, so that a new one is always told. */
const told = new Set<string>();
const MAX_TOLD = 1000;
function tellOnce(tell: (message: string) => void, message: string): void {
  if (told.has(message)) return;
  const [oldest] = told;
  if (told.size >= MAX_TOLD && oldest !== undefined) told.delete(oldest);
  told.add(message);
  tell(message);
}
