/**
 * Jobs that hold files which runs share, past their lease: the cluster's TTL controller should have removed them, and it may
 * be off, or something holds the Job up.
 */
import type { Job } from "kubernetes-types/batch/v1";
import { ApiError } from "../../kubernetes/api-error.ts";
import { jobs, type Stored } from "../../kubernetes/resource-types.ts";
import type { Installation } from "../../paperclip/installation.ts";
import { heldUntil } from "../../run/launch/launch.ts";
import { bundlesOf, isHolder } from "../../run/plan/plan.ts";
import { BUNDLES, isBundle, madeBy } from "../../run/shared/names.ts";
import type { Look } from "../look/open.ts";
import type { OpenPlace } from "../look/places.ts";
import type { FoundJob } from "../look/snapshot.ts";
import type { Leftover } from "./leftover.ts";
import { removeUnchanged } from "./remove-unchanged.ts";

/** Milliseconds that the cluster gets beyond the lease. */
const BEYOND_MS = 60 * 60_000;

type Seen = Pick<Look, "seenPlaces" | "found" | "signal">;

/** Where Jobs cannot be seen, nobody knows which of them are needed. */
export async function leftBundles(
  seen: Seen,
  installation: Installation,
): Promise<{ readonly over: readonly Leftover[]; readonly unseen: readonly string[] }> {
  const over: Leftover[] = [];
  const unseen: string[] = [];
  for (const place of seen.seenPlaces) {
    try {
      over.push(...(await bundlesIn(place, seen, installation)));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      unseen.push(`Files that runs share were not looked for: ${error.message}.`);
    }
  }
  return { over, unseen };
}

async function bundlesIn(place: OpenPlace, { found, signal }: Seen, installation: Installation): Promise<Leftover[]> {
  const { client } = place.lease;
  const labelSelector = madeBy(BUNDLES, installation.label);
  const { items } = await client.list(jobs, place.namespace, { labelSelector, signal });
  const isOver = (job: Stored<Job>): boolean => {
    const { name, namespace = "", deletionTimestamp } = job.metadata;
    if (!isBundle(name) || !isHolder(job, installation) || deletionTimestamp !== undefined) return false;
    return heldUntil(job) + BEYOND_MS <= client.clock.now() && !isShared(found, namespace, name);
  };
  return items.filter(isOver).map(({ metadata: { name, namespace = "", uid, resourceVersion } }) => ({
    kind: "bundle",
    what: `Job ${namespace}/${name} with files that runs share`,
    why: "its lease is over, no run needs it, and the cluster has not removed it",
    how: "delete",
    // As it was seen: should a run have raised its lease meanwhile, it stays.
    remove: () => removeUnchanged(client, jobs, { namespace, name, uid, resourceVersion }, signal),
  }));
}

/** Whether there is a Job whose pod has the bundle, or is to have it: should one come meanwhile, its run makes it anew. */
export const isShared = (found: readonly FoundJob[], namespace: string, name: string): boolean =>
  found.some(({ job }) => job.metadata.namespace === namespace && bundlesOf(job).includes(name));
