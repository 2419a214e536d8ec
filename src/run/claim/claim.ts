/** Asks the cluster whether this run may start: at most one living Job for an agent. */
import type { Job } from "kubernetes-types/batch/v1";
import type { KubernetesClient } from "../../kubernetes/client.ts";
import { jobs } from "../../kubernetes/resource-types.ts";
import { faultOf } from "../api-advice.ts";
import { agentLabel, LABELS, OURS, type RunIdentity } from "../plan/names.ts";
import { RunFault } from "../run-fault.ts";
import { decideClaim } from "./decide.ts";

export interface ClaimRequest {
  readonly client: KubernetesClient;
  readonly namespace: string;
  readonly identity: RunIdentity;
  readonly signal: AbortSignal;
}

/** The Job of this run when there is one already, else null. Throws RunFault when the agent's slot is taken or unknown. */
export async function claim({ client, namespace, identity, signal }: ClaimRequest): Promise<Job | null> {
  const selector = `${OURS},${LABELS.agentId}=${agentLabel(identity.agentId)}`;
  const found = await client.list(jobs, namespace, { labelSelector: selector, signal }).catch((error: unknown) => {
    // Not knowing whether another Job lives is no leave to start a second one.
    const doing = "Could not see whether another run of this agent is alive";
    const at = client.clock.now();
    throw new RunFault(faultOf(error, { code: "k8s_concurrency_guard_unreachable", doing, at }), error);
  });
  const decision = decideClaim(identity, found.items);
  switch (decision.kind) {
    case "free":
      return null;
    case "ours":
      return decision.job;
    case "blocked":
      throw new RunFault({
        code: decision.code,
        message: `Run ${decision.runId}${decision.taskId ? ` (task ${decision.taskId})` : ""} of this agent is alive as Job ${decision.job}, and an agent runs one Job at a time`,
        fix: `Wait until it ends or stop it. A Job that nobody needs goes with: kubectl -n ${namespace} delete job ${decision.job}`,
        status: null,
        fatal: true,
        at: client.clock.now(),
      });
  }
}
