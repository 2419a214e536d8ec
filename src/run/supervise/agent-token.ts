/** The agent's own token for Paperclip, as its Job's Secrets have it. */
import type { Job } from "kubernetes-types/batch/v1";
import type { Secret } from "kubernetes-types/core/v1";
import type { KubernetesClient } from "../../kubernetes/client.ts";
import { secrets } from "../../kubernetes/resource-types.ts";
import { isOwnedBy } from "../claim/claim.ts";
import { mountedTokens, runTokenIn, tokenIn, tokenSecretName } from "../plan/plan.ts";
import { isAdopted, nameOf } from "../shared/job-state.ts";

/**
 * The newest one, since Paperclip takes each for 48 hours; null when there is none: the process died before it made the
 * Secret. Throws ApiError.
 */
export async function newestToken(client: KubernetesClient, job: Job, signal: AbortSignal): Promise<string | null> {
  const namespace = job.metadata?.namespace ?? "";
  const find = async (name: string): Promise<Secret | null> => {
    const secret = await client.find(secrets, namespace, name, { signal });
    return secret && isOwnedBy(secret, job) ? secret : null;
  };
  let newest: string | null = null;
  // Each take-over creates the next one: behind the first that is missing there is none.
  for (const number of isAdopted(job) ? mountedTokens(job) : []) {
    const secret = await find(tokenSecretName(nameOf(job), number));
    if (!secret) break;
    newest = tokenIn(secret) ?? newest;
  }
  if (newest) return newest;
  const secret = await find(nameOf(job));
  return secret && runTokenIn(secret);
}
