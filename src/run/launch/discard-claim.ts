/** Removes a claim that a run made and did not come to use. */
import { ApiError } from "../../kubernetes/api-error.ts";
import type { KubernetesClient } from "../../kubernetes/client.ts";
import { persistentVolumeClaims as claims } from "../../kubernetes/resource-types.ts";
import { readUse } from "../shared/workspace-claim.ts";
import type { StoredClaim } from "./grow-claim.ts";

/** The cluster writes the claim's status at any time: then the deletion is tried on the newer state. */
const ATTEMPTS = 5;
const OPTIONS = { retryForMs: 5_000 };

/** Never rejects: one that stays is used by the next run, or is idle some day. */
export async function discardClaim(client: KubernetesClient, { metadata }: StoredClaim, runId: string): Promise<void> {
  const { name, namespace = "", uid } = metadata;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    try {
      const found = await client.find(claims, namespace, name, OPTIONS);
      // Another run may count on it by now.
      if (found?.metadata.uid !== uid || readUse(found)?.runId !== runId) return;
      const { resourceVersion } = found.metadata;
      await client.delete(claims, namespace, name, { uid, resourceVersion, ...OPTIONS });
      return;
    } catch (error) {
      if (!(error instanceof ApiError && error.conflict)) return;
    }
  }
}
