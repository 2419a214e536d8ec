/**
 * Removes the claims of workspaces that no run has used for as many days as the policy says. Not those of agents that are gone
 * sooner: nobody tells the adapter of those, and a Paperclip that forgot its agents would forget their work too.
 */
import type { Job } from "kubernetes-types/batch/v1";
import type { PersistentVolumeClaim } from "kubernetes-types/core/v1";
import { ApiError } from "../../kubernetes/api-error.ts";
import type { ClusterLease } from "../../kubernetes/cluster-registry.ts";
import { persistentVolumeClaims, type Stored } from "../../kubernetes/resource-types.ts";
import type { Installation } from "../../paperclip/installation.ts";
import type { WorkspaceClaimRule } from "../../policy/policy.ts";
import { LABELS } from "../shared/names.ts";
import { claimsOf, ownershipOf, readUse } from "../shared/workspace-claim.ts";

/** Milliseconds between two looks of this process into one namespace: a day more or less is of no matter. */
const EVERY_MS = 60 * 60_000;
const DAY_MS = 24 * 60 * 60_000;

const lookedAt = new Map<string, number>();

export interface PlaceOfClaims {
  readonly lease: Pick<ClusterLease, "client">;
  readonly namespace: string;
  readonly installation: Installation;
  /** Null: agents have none. */
  readonly workspaceClaims: WorkspaceClaimRule | null;
  readonly tell: (message: string) => void;
  readonly signal: AbortSignal;
}

/**
 * Never rejects but with the signal's reason: what cannot be removed now is next time.
 *
 * @param jobs all that this Paperclip has there
 */
export async function removeIdleClaims(place: PlaceOfClaims, jobs: readonly Job[]): Promise<void> {
  const { lease, namespace, installation, workspaceClaims: rule, signal } = place;
  const { client } = lease;
  const now = client.clock.now();
  const key = JSON.stringify([client.cluster.id, namespace, installation.label]);
  if (rule === null || rule.idleDays === 0 || now - (lookedAt.get(key) ?? 0) < EVERY_MS) return;
  lookedAt.set(key, now);
  const used = new Set(jobs.map(({ metadata }) => metadata?.labels?.[LABELS.workspaceClaim]));
  const isIdle = (claim: Stored<PersistentVolumeClaim>): boolean =>
    !used.has(claim.metadata.name) &&
    claim.metadata.deletionTimestamp === undefined &&
    ownershipOf(claim, installation).kind === "ours" &&
    now - lastUse(claim) > rule.idleDays * DAY_MS;
  try {
    const labelSelector = claimsOf(installation.label);
    const { items } = await client.list(persistentVolumeClaims, namespace, { labelSelector, signal });
    for (const claim of items.filter(isIdle)) await remove(place, claim, rule.idleDays);
  } catch (error) {
    // Without the right to list them: the environment test says so.
    if (signal.aborted || !(error instanceof ApiError)) throw error;
  }
}

const lastUse = (claim: Stored<PersistentVolumeClaim>): number =>
  Math.max(readUse(claim)?.at ?? 0, Date.parse(claim.metadata.creationTimestamp));

async function remove(
  { lease, namespace, tell, signal }: PlaceOfClaims,
  { metadata }: Stored<PersistentVolumeClaim>,
  idleDays: number,
): Promise<void> {
  const { name, uid, resourceVersion } = metadata;
  try {
    // A run that begins with it now has left its mark: then this is not the state that is to be removed.
    await lease.client.delete(persistentVolumeClaims, namespace, name, { uid, resourceVersion, signal });
    const whose = metadata.labels?.[LABELS.agentId];
    tell(`Claim ${name} of agent ${whose} in ${namespace} is removed: no run has used it for ${idleDays} days`);
  } catch (error) {
    if (!(error instanceof ApiError && error.conflict)) throw error;
  }
}
