/** The Jobs and pods of some places, as the cluster shows them now. */
import type { Job } from "kubernetes-types/batch/v1";
import type { Pod } from "kubernetes-types/core/v1";
import { ApiError } from "../../kubernetes/api-error.ts";
import { jobs, pods, type Stored } from "../../kubernetes/resource-types.ts";
import { withPods } from "../../run/shared/job-state.ts";
import { RUNS_AND_PROBES } from "../../run/shared/names.ts";
import type { OpenPlace } from "./places.ts";

/** A Job in its place. */
export interface FoundJob {
  readonly place: OpenPlace;
  /** As its pods show it: see `withPods`. */
  readonly job: Stored<Job>;
  readonly pods: readonly Stored<Pod>[];
}

export interface Snapshot {
  /** Where Jobs could be listed. */
  readonly seenPlaces: readonly OpenPlace[];
  readonly found: readonly FoundJob[];
  /** What could not be seen, in sentences. */
  readonly unseen: readonly string[];
}

/** Those of probes too. Throws ApiError when the Jobs of no place can be listed, or the signal's reason. */
export async function takeSnapshot(places: readonly OpenPlace[], signal: AbortSignal): Promise<Snapshot> {
  const results = await Promise.allSettled(places.map((place) => look(place, signal)));
  const failed = results.filter((result) => result.status === "rejected");
  const [first] = failed;
  if (first && failed.length === results.length) throw first.reason;
  return {
    seenPlaces: places.filter((_, index) => results[index]?.status === "fulfilled"),
    found: results.flatMap((result) => (result.status === "fulfilled" ? result.value.found : [])),
    unseen: results.flatMap((result) =>
      result.status === "fulfilled" ? result.value.unseen : [`${(result.reason as Error).message}.`],
    ),
  };
}

async function look(place: OpenPlace, signal: AbortSignal): Promise<Omit<Snapshot, "seenPlaces">> {
  const { client } = place.lease;
  const options = { labelSelector: RUNS_AND_PROBES, signal };
  const unseen: string[] = [];
  const [listed, seen] = await Promise.all([
    client.list(jobs, place.namespace, options),
    client.list(pods, place.namespace, options).catch((error: unknown) => {
      if (!(error instanceof ApiError && error.forbidden)) throw error;
      unseen.push(`The pods cannot be seen, so that phases are as their Jobs have them: ${error.message}.`);
      return { items: [] };
    }),
  ]);
  return { found: joined(place, listed.items, seen.items), unseen };
}

/** Each Job with its pods, newest first. */
export function joined(place: OpenPlace, all: readonly Stored<Job>[], seen: readonly Stored<Pod>[]): FoundJob[] {
  const byOwner = new Map<string, Stored<Pod>[]>();
  for (const pod of seen) {
    const owner = pod.metadata.ownerReferences?.find(({ kind }) => kind === "Job")?.uid ?? "";
    byOwner.set(owner, [...(byOwner.get(owner) ?? []), pod]);
  }
  const now = place.lease.client.clock.now();
  return all
    .map((job) => {
      const own = (byOwner.get(job.metadata.uid) ?? []).toSorted(newestFirst);
      const [shown = job] = withPods([job], own, now);
      return { place, job: shown, pods: own };
    })
    .toSorted((a, b) => newestFirst(a.job, b.job));
}

const newestFirst = (a: Stored<Job | Pod>, b: Stored<Job | Pod>): number =>
  b.metadata.creationTimestamp.localeCompare(a.metadata.creationTimestamp);
