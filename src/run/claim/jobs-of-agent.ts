import type { Job } from "kubernetes-types/batch/v1";
import type { CallOptions } from "../../kubernetes/call-options.ts";
import type { KubernetesClient } from "../../kubernetes/client.ts";
import { jobs } from "../../kubernetes/resource-types.ts";
import type { RunPlan } from "../plan/plan.ts";
import { agentLabel, LABELS, OURS } from "../shared/names.ts";

/** All Jobs of the agent, as they are now: no resourceVersion is asked for, so the answer is no older than the question. */
export async function jobsOfAgent(
  client: KubernetesClient,
  { namespace, identity }: Pick<RunPlan, "namespace" | "identity">,
  options: CallOptions,
): Promise<readonly Job[]> {
  const labelSelector = `${OURS},${LABELS.agentId}=${agentLabel(identity.agentId)}`;
  return (await client.list(jobs, namespace, { labelSelector, ...options })).items;
}
