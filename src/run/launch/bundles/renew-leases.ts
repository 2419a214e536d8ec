/**
 * Renews the leases of the bundles that living Jobs need: also of those that no run of this process knows the content of, since
 * another version of the adapter made them. Nobody could make such a one again.
 */
import type { Job } from "kubernetes-types/batch/v1";
import { ApiError } from "../../../kubernetes/api-error.ts";
import type { KubernetesClient } from "../../../kubernetes/client.ts";
import { jobs, type Stored } from "../../../kubernetes/resource-types.ts";
import type { Installation } from "../../../paperclip/installation.ts";
import { bundlesOf, isHolder } from "../../plan/plan.ts";
import { BUNDLES, madeBy } from "../../shared/names.ts";
import { heldUntil, LAPSED_MS, type Need, needOfLiving, ttlUntil } from "./lease.ts";

export interface LeasesToRenew {
  readonly client: KubernetesClient;
  readonly namespace: string;
  readonly installation: Installation;
  /** All Jobs of runs that are there. */
  readonly jobs: readonly Job[];
  readonly signal: AbortSignal;
}

/** Costs no request where all Jobs are young, or run without a queue. Throws ApiError. */
export async function renewLeases({
  client,
  namespace,
  installation,
  jobs: all,
  signal,
}: LeasesToRenew): Promise<void> {
  const now = client.clock.now();
  const needs = needsOf(all, now);
  if (needs.size === 0) return;
  const labelSelector = madeBy(BUNDLES, installation.label);
  const { items } = await client.list(jobs, namespace, { labelSelector, signal });
  for (const holder of items) {
    const need = needs.get(holder.metadata.name);
    if (need && isHolder(holder, installation) && isShort(holder, need, now))
      await renew(client, namespace, holder, need, signal);
  }
}

/** Bundle → the longest need of it. */
function needsOf(all: readonly Job[], now: number): ReadonlyMap<string, Need> {
  const needs = new Map<string, Need>();
  for (const job of all) {
    const need = needOfLiving(job, now);
    if (need === null) continue;
    for (const name of bundlesOf(job)) if ((needs.get(name)?.wanted ?? 0) < need.wanted) needs.set(name, need);
  }
  return needs;
}

/** A lease that has lapsed cannot be relied on, whatever is written into it: the cluster may be about to remove its holder. */
function isShort(holder: Stored<Job>, { least }: Need, now: number): boolean {
  const until = heldUntil(holder);
  return holder.metadata.deletionTimestamp === undefined && until < least && until >= now + LAPSED_MS;
}

async function renew(
  client: KubernetesClient,
  namespace: string,
  holder: Stored<Job>,
  { wanted }: Need,
  signal: AbortSignal,
): Promise<void> {
  const { name, uid, resourceVersion } = holder.metadata;
  const patch = { metadata: { uid, resourceVersion }, spec: { ttlSecondsAfterFinished: ttlUntil(holder, wanted) } };
  try {
    await client.patch(jobs, namespace, name, patch, { signal });
  } catch (error) {
    // A run or another server was quicker, or it is gone: the next look sees which.
    if (!(error instanceof ApiError && (error.conflict || error.notFound))) throw error;
  }
}
