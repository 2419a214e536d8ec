/** The claim of a workspace as it is to be, and what of it stands in the pod. Pure. */
import type { Affinity, PersistentVolumeClaim } from "kubernetes-types/core/v1";
import type { Installation } from "../../../paperclip/installation.ts";
import type { WorkspaceClaimRule } from "../../../policy/policy.ts";
import { LABELS } from "../../shared/names.ts";
import { type ClaimOwner, claimMetadata } from "../../shared/workspace-claim.ts";
import type { WorkspaceClaim } from "./claim-name.ts";

/** What the cluster is to have before the pod starts. */
export interface ClaimRequest {
  /** As it is made where there is none. Of one that is there only the size counts, and only where it is smaller. */
  readonly object: PersistentVolumeClaim;
  readonly owner: ClaimOwner;
}

export interface ClaimTerms {
  readonly claim: WorkspaceClaim;
  readonly namespace: string;
  readonly tenant: Pick<ClaimOwner, "companyId" | "agentId">;
  readonly agentName: string;
  readonly installation: Installation;
  readonly rule: WorkspaceClaimRule;
  /** The agent's own; null = that of the rule. */
  readonly size: string | null;
}

export function claimRequest({
  claim,
  namespace,
  tenant,
  agentName,
  installation,
  rule,
  size,
}: ClaimTerms): ClaimRequest {
  const owner = { ...tenant, taskId: claim.per === "task" ? (claim.taskId ?? "") : null };
  const { storageClassName, accessMode } = rule;
  return {
    owner,
    object: {
      apiVersion: "v1",
      kind: "PersistentVolumeClaim",
      metadata: claimMetadata(claim.name, namespace, owner, agentName, installation),
      spec: {
        accessModes: [accessMode],
        ...(storageClassName === null ? {} : { storageClassName }),
        resources: { requests: { storage: size ?? rule.size } },
      },
    },
  };
}

/**
 * Pods of one claim run on one node, as ReadWriteOnce asks: the first wherever it fits, for the scheduler lets a pod pass whose
 * own labels are the only ones that match; each other one where one of them runs. One that has ended does not count.
 */
export function withAffinity(
  affinity: Affinity | null,
  claim: WorkspaceClaim,
  { accessMode }: Pick<WorkspaceClaimRule, "accessMode">,
): Affinity | null {
  if (accessMode !== "ReadWriteOnce") return affinity;
  const term = {
    topologyKey: "kubernetes.io/hostname",
    labelSelector: { matchLabels: { [LABELS.workspaceClaim]: claim.name } },
  };
  return { ...affinity, podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } };
}
