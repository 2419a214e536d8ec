/** Lets a claim grow to the size that is asked for, where its StorageClass can. */
import type { PersistentVolumeClaim } from "kubernetes-types/core/v1";
import { amountOf } from "../../config/kubernetes-values.ts";
import { ApiError } from "../../kubernetes/api-error.ts";
import type { KubernetesClient } from "../../kubernetes/client.ts";
import { persistentVolumeClaims as claims, type Stored } from "../../kubernetes/resource-types.ts";

export type StoredClaim = Stored<PersistentVolumeClaim>;

/** Milliseconds: the run goes on with what there is. */
const WITHIN_MS = 10_000;

/** Resolves with a sentence where it stays smaller. Throws only the signal's reason. */
export async function growClaim(
  client: KubernetesClient,
  claim: StoredClaim,
  wanted: PersistentVolumeClaim,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { name, namespace = "", uid } = claim.metadata;
  const [has, asked] = [storageOf(claim), storageOf(wanted)];
  // Kubernetes takes a new size only for a claim that has its volume; and a claim that grew stays as large.
  if (claim.status?.phase !== "Bound" || amountOf(asked) <= amountOf(has)) return [];
  try {
    const spec = { resources: { requests: { storage: asked } } };
    await client.patch(claims, namespace, name, { metadata: { uid }, spec }, { retryForMs: WITHIN_MS, signal });
    return [];
  } catch (error) {
    if (signal.aborted) throw error;
    return [`Claim ${name} of the workspace stays at ${has} and does not grow to ${asked}: ${whyNot(error, claim)}`];
  }
}

const storageOf = ({ spec }: PersistentVolumeClaim): string => String(spec?.resources?.requests?.storage ?? "0");

function whyNot(error: unknown, { metadata, spec }: StoredClaim): string {
  const message = error instanceof Error ? error.message : String(error);
  if (!(error instanceof ApiError && error.forbidden && /must support resize/.test(error.detail))) return `${message}.`;
  const which = `StorageClass ${spec?.storageClassName ?? ""}`;
  return `its ${which} does not allow it (allowVolumeExpansion). Allow it there, or remove the claim with all that is on it, and the next run makes one of the new size: kubectl -n ${metadata.namespace} delete pvc ${metadata.name}`;
}
