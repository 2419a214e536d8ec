/**
 * Looks after Jobs whose Paperclip process is gone. Paperclip has no way to hand a run that was lost back to its adapter
 * (2026.916.1), so the task's next run takes the Job over, and somebody must ask for that run: this does. It keeps no
 * state that matters; several processes may do it at the same time, for the Job itself decides between them.
 */
import { autoRecovery } from "../../config/operator.ts";
import { type Dependencies, realDependencies } from "../shared/dependencies.ts";
import { placesFile, type RunPlace, readPlaces } from "./places.ts";
import { reconcileNamespace } from "./reconcile.ts";

export { begins, ends } from "./active-runs.ts";
export { placesFile, rememberPlace } from "./places.ts";

export interface SupervisorOptions {
  readonly dependencies?: Partial<Dependencies>;
  /** Hears what is done. @default the process's log */
  readonly tell?: (message: string) => void;
  readonly signal: AbortSignal;
}

/** Looks once at every place that is known. Never rejects: a place that cannot be looked at now may be next time. */
export async function superviseOnce({ dependencies, tell = log, signal }: SupervisorOptions): Promise<void> {
  const deps = { ...realDependencies(), ...dependencies };
  const file = placesFile(deps.env);
  for (const place of withOwnCluster(await readPlaces(file), deps.env)) {
    if (signal.aborted) return;
    await lookAt(place, deps, tell, signal);
  }
}

async function lookAt(
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
      await reconcileNamespace({ lease, namespace, paperclipUrl, wakes: autoRecovery(env), tell, signal });
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

const told = new Set<string>();
function tellOnce(tell: (message: string) => void, message: string): void {
  if (told.has(message) || told.size > 100) return;
  told.add(message);
  tell(message);
}
