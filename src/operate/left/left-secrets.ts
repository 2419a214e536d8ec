/**
 * Secrets of runs that no Job owns any more, and of files that runs share: somebody has deleted the Job without what it
 * owned. The cluster collects the others. Paperclip's own account may not list Secrets, so its supervisor knows no rule for
 * them; this is the one here: no owner, no Job and no living pod of that name, no Job that shares it, and an hour old.
 */
import { ApiError } from "../../kubernetes/api-error.ts";
import { jobs, pods, secrets } from "../../kubernetes/resource-types.ts";
import type { Installation } from "../../paperclip/installation.ts";
import { isBundle, isRunsSecret, madeBy, RUNS_AND_PROBES } from "../../run/shared/names.ts";
import { hasAgentEnded } from "../../run/shared/unknown-agent.ts";
import type { Look } from "../look/open.ts";
import type { OpenPlace } from "../look/places.ts";
import type { FoundJob } from "../look/snapshot.ts";
import { isShared } from "./left-bundles.ts";
import type { Leftover } from "./leftover.ts";
import { removeUnchanged } from "./remove-unchanged.ts";

const OLD_MS = 60 * 60_000;

export async function leftSecrets(
  { seenPlaces, found, signal }: Pick<Look, "seenPlaces" | "found" | "signal">,
  installation: Installation,
): Promise<{ readonly over: readonly Leftover[]; readonly unseen: readonly string[] }> {
  const over: Leftover[] = [];
  const unseen: string[] = [];
  for (const place of seenPlaces) {
    try {
      over.push(...(await secretsIn(place, found, installation, signal)));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      unseen.push(`Secrets without a Job were not looked for: ${error.message}.`);
    }
  }
  return { over, unseen };
}

async function secretsIn(
  place: OpenPlace,
  found: readonly FoundJob[],
  installation: Installation,
  signal: AbortSignal,
): Promise<Leftover[]> {
  const { client } = place.lease;
  const labelSelector = madeBy(RUNS_AND_PROBES, installation.label);
  const { items } = await client.list(secrets, place.namespace, { labelSelector, signal });
  const now = client.clock.now();
  const alone = items.filter(
    ({ metadata }) =>
      (isRunsSecret(metadata.name) || isBundle(metadata.name)) &&
      !metadata.ownerReferences?.length &&
      now - Date.parse(metadata.creationTimestamp) > OLD_MS,
  );
  const left: Leftover[] = [];
  for (const { metadata } of alone) {
    const { name, namespace = "", uid, resourceVersion } = metadata;
    const job = name.replace(/-token-\d+$/, "");
    if (isShared(found, namespace, name)) continue;
    const living = await client.list(pods, namespace, { labelSelector: `job-name=${job}`, signal });
    const isNeeded =
      (await client.find(jobs, namespace, job, { signal })) ?? living.items.find((pod) => !hasAgentEnded(pod));
    if (isNeeded) continue;
    left.push({
      kind: "secret",
      what: `Secret ${namespace}/${name}`,
      why: "its Job was deleted without it, and nothing uses it",
      how: "delete",
      remove: () => removeUnchanged(client, secrets, { namespace, name, uid, resourceVersion }, signal),
    });
  }
  return left;
}
