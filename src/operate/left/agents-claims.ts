/** The claims of workspaces that this Paperclip's runs have made, each with its agent. */
import type { PersistentVolumeClaim } from "kubernetes-types/core/v1";
import { ApiError } from "../../kubernetes/api-error.ts";
import type { KubernetesClient } from "../../kubernetes/client.ts";
import { persistentVolumeClaims, type Stored } from "../../kubernetes/resource-types.ts";
import type { Installation } from "../../paperclip/installation.ts";
import { workspaceClaim } from "../../run/plan/plan.ts";
import { type ClaimOwner, claimsOf, ownershipOf } from "../../run/shared/workspace-claim.ts";
import type { Look } from "../look/open.ts";
import type { Found, OfAgent } from "./leftover.ts";
import { removeUnchanged } from "./remove-unchanged.ts";

/** Those that prove to be its own. */
export async function claimsOfAgents(
  { seenPlaces, around, signal }: Pick<Look, "seenPlaces" | "around" | "signal">,
  installation: Installation,
): Promise<Omit<Found, "over"> & { readonly things: readonly OfAgent[] }> {
  const things: OfAgent[] = [];
  const leftAlone: string[] = [];
  const unseen: string[] = [];
  for (const { lease, namespace } of seenPlaces) {
    const { client } = lease;
    try {
      const labelSelector = claimsOf(installation.label);
      const { items } = await client.list(persistentVolumeClaims, namespace, { labelSelector, signal });
      for (const claim of items.filter(({ metadata }) => metadata.deletionTimestamp === undefined)) {
        const owner = ownerOf(claim, installation);
        if (typeof owner === "string") leftAlone.push(`${nameOf(claim)} is left alone: it ${owner}.`);
        else things.push({ agent: owner, leftover: leftoverOf(client, claim, signal) });
      }
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      // Where the policy gives no agent one, the right is none that is missing.
      if (error.deniesRight && around.policy?.workspaceClaims === null) continue;
      unseen.push(`Claims without an agent were not looked for: ${error.message}.`);
    }
  }
  return { things, leftAlone, unseen };
}

/**
 * Else why it is not proven to be this Paperclip's, a clause. Its name says whose it is, too, and nobody can change that: it
 * holds where this machine has no secret to prove the signature by.
 */
function ownerOf(claim: Stored<PersistentVolumeClaim>, installation: Installation): ClaimOwner | string {
  const ownership = ownershipOf(claim, installation);
  if (ownership.kind === "foreign") return ownership.why;
  const { owner } = ownership;
  const { taskId } = owner;
  const per = taskId === null ? "agent" : "task";
  const { name } = workspaceClaim({ tenant: owner, taskId, per, installation });
  return name === claim.metadata.name ? owner : "has not the name that a claim of its agent has";
}

const nameOf = ({ metadata }: Stored<PersistentVolumeClaim>): string => `Claim ${metadata.namespace}/${metadata.name}`;

function leftoverOf(
  client: KubernetesClient,
  claim: Stored<PersistentVolumeClaim>,
  signal: AbortSignal,
): OfAgent["leftover"] {
  const { name, namespace = "", uid, resourceVersion } = claim.metadata;
  return {
    kind: "claim",
    what: nameOf(claim),
    // A run that begins with it now has left its mark: then it stays.
    remove: () => removeUnchanged(client, persistentVolumeClaims, { namespace, name, uid, resourceVersion }, signal),
  };
}
