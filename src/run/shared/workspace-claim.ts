/**
 * What a workspace's PersistentVolumeClaim carries by which its Paperclip recognises it: whose it is, and the signature of
 * whoever made it. A claim of that name without them is somebody else's: it is neither used nor removed.
 */
import type { PersistentVolumeClaim } from "kubernetes-types/core/v1";
import type { ObjectMeta } from "kubernetes-types/meta/v1";
import { z } from "zod";
import type { Installation } from "../../paperclip/installation.ts";
import { ADAPTER_TYPE, ANNOTATIONS, agentLabel, LABELS, labelValue } from "./names.ts";

/** Ids whole and unchanged. */
export interface ClaimOwner {
  readonly companyId: string;
  readonly agentId: string;
  /** Null: it is for all tasks of the agent. `""`: for its runs without a task. */
  readonly taskId: string | null;
}

const COMPONENT = "workspace";

/** The selector of the claims that this Paperclip made. */
export const claimsOf = (instance: string): string =>
  `${LABELS.managedBy}=paperclip,${LABELS.adapterType}=${ADAPTER_TYPE},${LABELS.component}=${COMPONENT},${LABELS.instance}=${instance}`;

/** Name, labels and annotations of a new claim. */
export function claimMetadata(
  name: string,
  namespace: string,
  owner: ClaimOwner,
  agentName: string,
  installation: Installation,
): ObjectMeta {
  const { companyId, agentId, taskId } = owner;
  const all: Record<string, string | null> = {
    [LABELS.managedBy]: "paperclip",
    [LABELS.component]: COMPONENT,
    [LABELS.adapterType]: ADAPTER_TYPE,
    [LABELS.agentId]: agentLabel(agentId),
    [LABELS.companyId]: labelValue(companyId),
    [LABELS.taskId]: labelValue(taskId),
    [LABELS.instance]: installation.label,
  };
  const labels = Object.fromEntries(
    Object.entries(all).filter((entry): entry is [string, string] => Boolean(entry[1])),
  );
  const written = JSON.stringify({ companyId, agentId, taskId });
  const metadata = { name, namespace, labels };
  const signature = installation.sign(signedText(metadata, written));
  return {
    ...metadata,
    annotations: {
      [ANNOTATIONS.agentName]: agentName,
      [ANNOTATIONS.owner]: written,
      ...(signature === null ? {} : { [ANNOTATIONS.signature]: signature }),
    },
  };
}

export type ClaimOwnership =
  /** A server of this Paperclip made it for that owner, as far as it can be told: without a secret nothing is signed. */
  | { readonly kind: "ours"; readonly owner: ClaimOwner }
  /** `why` is a clause that has the claim as its subject. */
  | { readonly kind: "foreign"; readonly why: string };

const ownerShape = z.object({ companyId: z.string(), agentId: z.string(), taskId: z.string().nullable() });

export function ownershipOf({ metadata }: PersistentVolumeClaim, installation: Installation): ClaimOwnership {
  const written = metadata?.annotations?.[ANNOTATIONS.owner];
  const instance = metadata?.labels?.[LABELS.instance];
  const { data: owner } = ownerShape.safeParse(parse(written));
  if (!owner || written === undefined)
    return { kind: "foreign", why: "does not say whose it is: the adapter did not make it" };
  if (instance !== installation.label)
    return { kind: "foreign", why: `is another Paperclip's (${LABELS.instance}: ${instance ?? "none"})` };
  const signature = metadata?.annotations?.[ANNOTATIONS.signature] ?? "";
  if (installation.hasSecret && !installation.hasSigned(signedText(metadata, written), signature))
    return {
      kind: "foreign",
      why: "has no signature of this Paperclip: somebody else made it, or Paperclip's secret was changed",
    };
  return { kind: "ours", owner };
}

export const isSameOwner = (one: ClaimOwner, other: ClaimOwner): boolean =>
  one.companyId === other.companyId && one.agentId === other.agentId && one.taskId === other.taskId;

/** The annotation that a run leaves on the claim when it begins. */
export const useMark = (runId: string, now: number): Record<string, string> => ({
  [ANNOTATIONS.used]: `${new Date(now).toISOString()} ${runId}`,
});

/** The last run's mark; null where there is none. */
export function readUse({ metadata }: PersistentVolumeClaim): { readonly at: number; readonly runId: string } | null {
  const [, time = "", runId = ""] = /^(\S+) (.+)$/.exec(metadata?.annotations?.[ANNOTATIONS.used] ?? "") ?? [];
  const at = Date.parse(time);
  return Number.isNaN(at) ? null : { at, runId };
}

/** What never changes in the life of the claim. */
const signedText = (metadata: ObjectMeta | undefined, owner: string): string =>
  JSON.stringify([
    "claim",
    metadata?.namespace ?? "",
    metadata?.name ?? "",
    metadata?.labels?.[LABELS.instance],
    owner,
  ]);

function parse(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? "");
  } catch {
    return null;
  }
}
