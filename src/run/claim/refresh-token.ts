/** Gives the agent of an adopted Job the token of the run that it belongs to now. */
import type { Job } from "kubernetes-types/batch/v1";
import type { Secret } from "kubernetes-types/core/v1";
import { ApiError } from "../../kubernetes/api-error.ts";
import type { CallOptions } from "../../kubernetes/call-options.ts";
import type { KubernetesClient } from "../../kubernetes/client.ts";
import { fullJitter } from "../../kubernetes/http/backoff.ts";
import { secrets } from "../../kubernetes/resource-types.ts";
import { isSameToken, mountedTokens, tokenSecret } from "../plan/plan.ts";
import { nameOf, stateOf } from "../shared/job-state.ts";

/** A quota that several creates race for answers with a conflict, and takes the next attempt. */
const ATTEMPTS = 5;

/** Milliseconds: the transcript waits for it. */
const RETRY_FOR_MS = 10_000;

/**
 * Null when it is done, was done before, or there is no agent to give it to; otherwise why not. Then the agent keeps
 * the token that it has: what that no longer permits, a later run does. Does not reject: the Job is
 * this run's already.
 */
export async function refreshToken(
  client: KubernetesClient,
  job: Job,
  run: { readonly id: string; readonly token: string | null },
  signal: AbortSignal,
): Promise<string | null> {
  const { token } = run;
  const numbers = mountedTokens(job);
  const last = numbers.at(-1);
  if (token === null || stateOf(job) !== "started" || last === undefined) return null;
  const { namespace = "", uid = "" } = job.metadata ?? {};
  const owner = { apiVersion: "batch/v1", kind: "Job", name: nameOf(job), uid, controller: true };
  const options = { signal, retryForMs: RETRY_FOR_MS };
  for (const number of numbers) {
    const secret = tokenSecret(job, number, { id: run.id, token });
    const owned = { ...secret, metadata: { ...secret.metadata, ownerReferences: [owner] } };
    try {
      await createDespiteConflicts(client, namespace, owned, options);
      return null;
    } catch (error) {
      if (!(error instanceof ApiError && error.alreadyExists)) return messageOf(error);
    }
    // An earlier adoption's; or our own, whose answer was lost, or whose process died after it.
    const found = await client.find(secrets, namespace, secret.metadata?.name ?? "", options).catch(() => undefined);
    if (found && isSameToken(found, secret)) return null;
  }
  return changeLast(client, tokenSecret(job, last, { id: run.id, token }), numbers.length, options);
}

/** All of them are given: the last one is changed, where the operator grants that. */
async function changeLast(
  client: KubernetesClient,
  { metadata, data }: Secret,
  given: number,
  options: CallOptions,
): Promise<string | null> {
  try {
    await client.patch(secrets, metadata?.namespace ?? "", metadata?.name ?? "", { data }, options);
    return null;
  } catch (error) {
    const why = `the Job was adopted more than ${given} times`;
    // 422: of a version before it is immutable.
    if (error instanceof ApiError && error.status === 422) return why;
    if (error instanceof ApiError && error.deniesRight)
      return `${why}, and Paperclip may not change Secrets (deploy/rbac.yaml has that right as an option)`;
    return `${why}: ${messageOf(error)}`;
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

async function createDespiteConflicts(
  client: KubernetesClient,
  namespace: string,
  secret: Secret,
  options: CallOptions,
): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      await client.create(secrets, namespace, secret, options);
      return;
    } catch (error) {
      if (!(error instanceof ApiError && error.conflict) || attempt + 1 >= ATTEMPTS) throw error;
      await client.clock.sleep(fullJitter(attempt, client.random, { baseMs: 200, capMs: 2000 }), options.signal);
    }
  }
}
