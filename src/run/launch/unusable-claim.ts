/** Claims that a run may not use, or cannot. Nothing is done to any of them. */
import type { PersistentVolumeClaim } from "kubernetes-types/core/v1";
import type { Installation } from "../../paperclip/installation.ts";
import type { ClaimRequest } from "../plan/plan.ts";
import { RunFault } from "../shared/run-fault.ts";
import { isSameOwner, ownershipOf } from "../shared/workspace-claim.ts";

export const UNUSABLE = "k8s_workspace_claim_unusable";

/** Null: it is the agent's. */
export function unusableClaim(
  found: PersistentVolumeClaim,
  { owner }: Pick<ClaimRequest, "owner">,
  installation: Installation,
  at: number,
): RunFault | null {
  const name = found.metadata?.name;
  const ownership = ownershipOf(found, installation);
  if (ownership.kind === "foreign" || !isSameOwner(ownership.owner, owner)) {
    const why = ownership.kind === "foreign" ? ownership.why : `is of agent ${ownership.owner.agentId}`;
    const message = `Claim ${name} is there and is not this agent's: it ${why}. It is neither used nor removed`;
    return unusable(message, `${lookAt(found)} If nobody needs what is on it: ${remove(found)}`, at);
  }
  if (found.status?.phase !== "Lost") return null;
  return unusable(`The volume of claim ${name} is gone (phase Lost)`, `${lookAt(found)} Then: ${remove(found)}`, at);
}

/** Of one that is being deleted for longer than a run waits. */
export function leavingClaim(found: PersistentVolumeClaim, at: number): RunFault {
  const message = `Claim ${found.metadata?.name} of the workspace is being deleted, and something still uses it`;
  const fix = `${lookAt(found)} Once what it names under "Used By" has ended, run the task again.`;
  return unusable(message, fix, at);
}

const lookAt = ({ metadata }: PersistentVolumeClaim): string =>
  `Look at it: kubectl -n ${metadata?.namespace} describe pvc ${metadata?.name}.`;

const remove = ({ metadata }: PersistentVolumeClaim): string =>
  `kubectl -n ${metadata?.namespace} delete pvc ${metadata?.name}`;

const unusable = (message: string, fix: string, at: number): RunFault =>
  new RunFault({ code: UNUSABLE, message, fix, status: null, fatal: true, at });
