/** Asks the cluster itself for a Job's pod: the watch may report it late, or not at all. */
import type { Pod } from "kubernetes-types/core/v1";
import { ApiError } from "../../kubernetes/api-error.ts";
import type { KubernetesClient } from "../../kubernetes/client.ts";
import { pods, type Stored } from "../../kubernetes/resource-types.ts";
import type { Observer } from "../../kubernetes/watch/observer.ts";
import type { JobInCluster } from "../shared/launched-run.ts";
import { belongsTo } from "./evidence/reduce.ts";
import type { ObservedRun } from "./observed-run.ts";

export type PodLookup =
  /** The newest one, as it is now; null: there is none. */
  | { readonly kind: "found"; readonly pod: Stored<Pod> | null }
  /** Lists are denied, but the watch is up: what it has reported is complete. */
  | { readonly kind: "watched" }
  /** The cluster did not answer, or denies both. */
  | { readonly kind: "unavailable" };

/** Sends one request. Rejects with the signal's reason only. */
export type FindPod = (signal: AbortSignal) => Promise<PodLookup>;

export function podFinder(
  client: KubernetesClient,
  observer: Observer,
  job: JobInCluster,
  { evidence: { earlier } }: Pick<ObservedRun, "evidence">,
): FindPod {
  const isEarlier = ({ metadata }: Stored<Pod>): boolean => earlier.some(({ uid }) => uid === metadata.uid);
  return async (signal) => {
    try {
      const labelSelector = `job-name=${job.name}`;
      const { items } = await client.list(pods, job.namespace, { labelSelector, signal, retryForMs: 0 });
      const ours = items.filter((pod) => belongsTo(pod, job.uid) && !isEarlier(pod)).toSorted(byAge);
      return { kind: "found", pod: ours.at(-1) ?? null };
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      const mayWatch = error instanceof ApiError && error.forbidden && observer.health?.pods.state === "watching";
      return { kind: mayWatch ? "watched" : "unavailable" };
    }
  };
}

const byAge = (a: Stored<Pod>, b: Stored<Pod>): number =>
  a.metadata.creationTimestamp.localeCompare(b.metadata.creationTimestamp);
