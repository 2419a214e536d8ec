/**
 * Whether a Job is this Paperclip's own. Labels prove nothing: whoever may create Jobs in the namespace writes them. A Job
 * proves itself by its signature and by the token in its own Secret; one of a version before has only the token, which
 * Paperclip's secret or Paperclip itself confirms.
 */
import type { Job } from "kubernetes-types/batch/v1";
import type { Secret } from "kubernetes-types/core/v1";
import type { KubernetesClient } from "../../../kubernetes/client.ts";
import { jobs, secrets } from "../../../kubernetes/resource-types.ts";
import { readClaims, type TokenClaims } from "../../../paperclip/agent-jwt.ts";
import type { Installation } from "../../../paperclip/installation.ts";
import type { ReadTokenOwner } from "../../../paperclip/token-owner.ts";
import { runTokenIn } from "../../plan/plan.ts";
import { isJobSigned, isTokenOf } from "../../shared/job-signature.ts";
import { nameOf, stateOf } from "../../shared/job-state.ts";
import { ADAPTER_TYPE, jobName, LABELS, labelValue } from "../../shared/names.ts";
import { recall, remember } from "./known.ts";
import type { Ownership } from "./ownership.ts";

/** Throws ApiError when the cluster cannot be asked. */
export type ReadOwnership = (job: Job, signal: AbortSignal) => Promise<Ownership>;

export interface OwnershipOptions {
  readonly client: KubernetesClient;
  readonly installation: Installation;
  readonly readTokenOwner: ReadTokenOwner;
}

export function createOwnershipReader(options: OwnershipOptions): ReadOwnership {
  const { client, installation } = options;
  return async (job, signal) => {
    const known = recall(job, installation, client.clock.now());
    if (known) return known;
    const ownership = await examine(options, job, signal);
    remember(job, installation, ownership, client.clock.now());
    return ownership;
  };
}

const OURS: Ownership = { kind: "ours" };
const foreign = (why: string): Ownership => ({ kind: "foreign", why });

async function examine(options: OwnershipOptions, job: Job, signal: AbortSignal): Promise<Ownership> {
  const { client, installation } = options;
  const instance = job.metadata?.labels?.[LABELS.instance];
  if (instance !== undefined && instance !== installation.label) return foreign("it is another Paperclip's");
  const signed = isJobSigned(job, installation);
  // It has no Secret yet.
  if (stateOf(job) === "candidate")
    return signed || !installation.hasSecret ? OURS : foreign("it has no signature of this Paperclip");
  const secret = await ownSecret(client, job, signal);
  if (secret === "gone") return { kind: "gone" };
  if (secret === null)
    return signed
      ? { kind: "unproven", why: "its Secret is gone", passing: false }
      : foreign("it has no Secret of its own");
  const token = runTokenIn(secret);
  if (!isTokenOf(job, token)) return foreign("its Secret does not hold the token that it was created with");
  return signed ? OURS : examineToken(options, job, token, signal);
}

/** Null: it has none. `gone`: nor is the Job there any more. */
async function ownSecret(client: KubernetesClient, job: Job, signal: AbortSignal): Promise<Secret | null | "gone"> {
  const { namespace = "", uid } = job.metadata ?? {};
  const found = await client.find(secrets, namespace, nameOf(job), { signal });
  if (found && isOwnedBy(found, job)) return found;
  // The cluster removes the Secret with its Job, and the Job may have been listed before that.
  const now = await client.find(jobs, namespace, nameOf(job), { signal });
  return !now || now.metadata.uid !== uid || stateOf(now) === "leaving" ? "gone" : null;
}

export const isOwnedBy = ({ metadata }: Secret, job: Job): boolean =>
  metadata?.ownerReferences?.some(({ kind, uid }) => kind === "Job" && uid === job.metadata?.uid) ?? false;

async function examineToken(
  { installation, readTokenOwner }: OwnershipOptions,
  job: Job,
  token: string | null,
  signal: AbortSignal,
): Promise<Ownership> {
  // A Paperclip without a secret gives its runs no tokens: then there is nothing to tell by.
  if (token === null) return installation.hasSecret ? foreign("its Secret holds no token") : OURS;
  const claims = readClaims(token);
  if (claims ? !fits(job, claims, installation) : installation.hasSecret)
    return foreign("the token in its Secret is another run's");
  if (installation.hasIssued(token)) return OURS;
  const owner = await readTokenOwner(token, signal);
  if (owner.kind === "agent")
    return labelValue(owner.agentId) === job.metadata?.labels?.[LABELS.agentId]
      ? OURS
      : foreign("the token in its Secret is another agent's");
  return {
    kind: "unproven",
    why: `the token in its Secret cannot be confirmed: ${owner.why}`,
    passing: owner.kind === "unreadable",
  };
}

/** The token was made for the run that the Job was created for, whichever it belongs to now. */
function fits(job: Job, claims: TokenClaims, installation: Installation): boolean {
  const { agentId, companyId, runId, adapterType, instanceId } = claims;
  const { labels = {} } = job.metadata ?? {};
  return (
    labels[LABELS.agentId] === labelValue(agentId) &&
    (labels[LABELS.companyId] ?? null) === labelValue(companyId) &&
    nameOf(job) === jobName(agentId, runId) &&
    (adapterType ?? ADAPTER_TYPE) === ADAPTER_TYPE &&
    (instanceId ?? installation.instanceId) === installation.instanceId
  );
}
