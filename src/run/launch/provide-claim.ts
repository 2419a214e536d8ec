/**
 * The claim of a run's workspace: made where there is none, let grow where it is to be larger, and used only where it is this
 * agent's. Each run leaves its mark on it, by which the supervisor knows what is idle.
 */
import { ApiError } from "../../kubernetes/api-error.ts";
import type { KubernetesClient } from "../../kubernetes/client.ts";
import { fullJitter } from "../../kubernetes/http/backoff.ts";
import { isTransient } from "../../kubernetes/http/retry.ts";
import { persistentVolumeClaims as claims } from "../../kubernetes/resource-types.ts";
import type { Installation } from "../../paperclip/installation.ts";
import type { ClaimRequest } from "../plan/plan.ts";
import { faultOf } from "../shared/api-advice.ts";
import { RunFault } from "../shared/run-fault.ts";
import { readUse, useMark } from "../shared/workspace-claim.ts";
import { discardClaim } from "./discard-claim.ts";
import { growClaim } from "./grow-claim.ts";
import { leavingClaim, UNUSABLE, unusableClaim } from "./unusable-claim.ts";

/** Milliseconds for which the cluster is asked again, and for which a claim that is being deleted is waited for. */
const WITHIN_MS = 180_000;
/** Minimal milliseconds between two looks. */
const AGAIN_MS = 500;

export interface ClaimUse {
  readonly client: KubernetesClient;
  readonly request: ClaimRequest;
  readonly installation: Installation;
  readonly runId: string;
  /** Ends the wait for a claim that is being deleted. */
  readonly signal: AbortSignal;
  /** Of calls: aborts some seconds later, for without its answer nobody knows whether a claim was made. */
  readonly lastAnswer: AbortSignal;
}

export interface ProvidedClaim {
  /** Sentences on what of the request the claim does not have. */
  readonly notes: readonly string[];
  /** Removes it, where this run made it and no other has used it since. Never rejects. */
  readonly discard: () => Promise<void>;
}

/** Throws RunFault `k8s_workspace_claim_unusable`, or the signal's reason. */
export async function provideClaim(use: ClaimUse): Promise<ProvidedClaim> {
  const { client, request, signal, lastAnswer } = use;
  const { clock } = client;
  const deadline = clock.now() + WITHIN_MS;
  for (let attempt = 0; ; attempt++) {
    const provided = await tryToProvide(use, () => clock.now() > deadline).catch((error: unknown) => {
      if (error instanceof RunFault || lastAnswer.aborted) throw error;
      if (isRetryable(error) && clock.now() <= deadline) return null;
      const doing = `Could not make claim ${request.object.metadata?.name} of the workspace`;
      throw new RunFault(faultOf(error, { code: UNUSABLE, doing, at: clock.now() }), error);
    });
    if (provided) return provided;
    await clock.sleep(AGAIN_MS + fullJitter(attempt, client.random), signal);
  }
}

/** Somebody was quicker, or the answer was lost. */
const isRetryable = (error: unknown): boolean =>
  error instanceof ApiError && (error.alreadyExists || error.conflict || (error.ambiguous && isTransient(error)));

/** Null: it is being deleted, and then made again. */
async function tryToProvide(use: ClaimUse, isLate: () => boolean): Promise<ProvidedClaim | null> {
  const { client, request, installation, runId, lastAnswer: signal } = use;
  const { name = "", namespace = "" } = request.object.metadata ?? {};
  const options = { retryForMs: WITHIN_MS, signal };
  const mark = useMark(runId, client.clock.now());
  const found = await client.find(claims, namespace, name, options);
  if (!found) {
    const { metadata } = request.object;
    const object = { ...request.object, metadata: { ...metadata, annotations: { ...metadata?.annotations, ...mark } } };
    const made = await client.create(claims, namespace, object, options);
    return { notes: [], discard: () => discardClaim(client, made, runId) };
  }
  if (found.metadata.deletionTimestamp !== undefined) {
    if (isLate()) throw leavingClaim(found, client.clock.now());
    return null;
  }
  const unusable = unusableClaim(found, request, installation, client.clock.now());
  if (unusable) throw unusable;
  // Our own mark: the answer to the create was lost.
  const isMade = readUse(found)?.runId === runId;
  const { uid } = found.metadata;
  const used = await client.patch(claims, namespace, name, { metadata: { uid, annotations: mark } }, options);
  if (used.metadata.deletionTimestamp !== undefined) return null;
  const notes = await growClaim(client, used, request.object, signal);
  return { notes, discard: () => (isMade ? discardClaim(client, used, runId) : Promise.resolve()) };
}
