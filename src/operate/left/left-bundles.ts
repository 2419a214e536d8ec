/**
 * Jobs that hold files which runs share, past their lease: the cluster's TTL controller should have removed them, and it may
 * be off, or something holds the Job up.
 */

import { jobs } from "../../kubernetes/resource-types.ts";
import type { Installation } from "../../paperclip/installation.ts";
import { heldUntil } from "../../run/launch/launch.ts";
import { bundlesOf, isHolder } from "../../run/plan/plan.ts";
import { BUNDLES, isBundle, madeBy } from "../../run/shared/names.ts";
import type { Look } from "../look/open.ts";
import type { FoundJob } from "../look/snapshot.ts";
import type { Leftover } from "./leftover.ts";

/** Milliseconds that the cluster gets beyond the lease. */
const BEYOND_MS = 60 * 60_000;

/** Throws ApiError. */
export async function leftBundles(
  { places, found, signal }: Pick<Look, "places" | "found" | "signal">,
  installation: Installation,
): Promise<readonly Leftover[]> {
  const over: Leftover[] = [];
  for (const { lease, namespace: where } of places) {
    const { client } = lease;
    const labelSelector = madeBy(BUNDLES, installation.label);
    const { items } = await client.list(jobs, where, { labelSelector, signal });
    for (const job of items) {
      const { name, namespace = "", uid, resourceVersion } = job.metadata;
      if (!isBundle(name) || !isHolder(job, installation) || job.metadata.deletionTimestamp !== undefined) continue;
      if (heldUntil(job) + BEYOND_MS > client.clock.now() || isShared(found, namespace, name)) continue;
      over.push({
        kind: "bundle",
        what: `Job ${namespace}/${name} with files that runs share`,
        why: "its lease is over, no run needs it, and the cluster has not removed it",
        how: "delete",
        remove: async () => {
          // As it was seen: should a run have raised its lease meanwhile, it stays.
          await client.delete(jobs, namespace, name, { uid, resourceVersion, signal });
        },
      });
    }
  }
  return over;
}

/** Whether there is a Job whose pod has the bundle, or is to have it: should one come meanwhile, its run makes it anew. */
export const isShared = (found: readonly FoundJob[], namespace: string, name: string): boolean =>
  found.some(({ job }) => job.metadata.namespace === namespace && bundlesOf(job).includes(name));
