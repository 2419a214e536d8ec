/** The agent's own token for Paperclip, as its Job's Secrets have it. */
import type { Job } from "kubernetes-types/batch/v1";
import type { KubernetesClient } from "../../kubernetes/client.ts";
import { secrets } from "../../kubernetes/resource-types.ts";
import { TOKENS, tokenIn, tokenSecretName, variableKey } from "../plan/plan.ts";
import { isAdopted, nameOf } from "../shared/job-state.ts";

/** Where a run's Secret has it. */
const TOKEN = variableKey("PAPERCLIP_API_KEY");

/**
 * The newest one, since Paperclip takes each for 48 hours; null when there is none: the process died before it made the
 * Secret. Throws ApiError.
 */
export async function newestToken(client: KubernetesClient, job: Job, signal: AbortSignal): Promise<string | null> {
  const namespace = job.metadata?.namespace ?? "";
  const find = (name: string) => client.find(secrets, namespace, name, { signal });
  for (const number of isAdopted(job) ? TOKENS.toReversed() : []) {
    const secret = await find(tokenSecretName(nameOf(job), number));
    const token = secret ? tokenIn(secret) : null;
    if (token) return token;
  }
  const data = (await find(nameOf(job)))?.data?.[TOKEN];
  return data ? Buffer.from(data, "base64").toString() : null;
}
