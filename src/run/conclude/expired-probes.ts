/**
 * Removes what environment tests have left whose process was killed. The cluster ends and removes a probe that was
 * unsuspended by itself (its deadline, then its TTL); one that never was stays until somebody looks.
 */
import type { Job } from "kubernetes-types/batch/v1";
import type { KubernetesClient } from "../../kubernetes/client.ts";
import type { Installation } from "../../paperclip/installation.ts";
import { mayBeSignedBy } from "../shared/job-signature.ts";
import { jobInCluster } from "../shared/launched-run.ts";
import { cleanUp } from "./clean-up.ts";

/** Milliseconds by which the cluster's clock and ours may differ: a living test keeps its probe. */
const SLACK_MS = 60_000;

/** Never rejects: what stays is removed at the next look. What others made stays. */
export async function removeExpiredProbes(
  client: KubernetesClient,
  probes: readonly Job[],
  installation: Installation,
): Promise<void> {
  for (const probe of probes)
    if (isExpiredProbe(probe, installation, client.clock.now())) await cleanUp(client, jobInCluster(probe));
}

/** Nobody waits for it any more, and this Paperclip made it. */
export function isExpiredProbe(probe: Job, installation: Installation, now: number): boolean {
  const { metadata, spec } = probe;
  if (metadata?.deletionTimestamp) return false;
  const created = Date.parse(metadata?.creationTimestamp ?? "");
  return now - created > (spec?.activeDeadlineSeconds ?? 0) * 1000 + SLACK_MS && mayBeSignedBy(probe, installation);
}
