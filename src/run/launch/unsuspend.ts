/** Unsuspends a Job: the one write that starts an agent. It holds for a Job that was never started and not stopped, or fails. */
import type { Job } from "kubernetes-types/batch/v1";
import { ApiError } from "../../kubernetes/api-error.ts";
import type { CallOptions } from "../../kubernetes/call-options.ts";
import type { KubernetesClient } from "../../kubernetes/client.ts";
import { jobs } from "../../kubernetes/resource-types.ts";
import { reservationOf } from "../claim/claim.ts";
import { faultOf } from "../shared/api-advice.ts";
import { stateOf } from "../shared/job-state.ts";
import type { JobInCluster } from "../shared/launched-run.ts";
import { ANNOTATIONS } from "../shared/names.ts";
import { RunFault } from "../shared/run-fault.ts";

export type Unsuspended =
  /** By us, or by an earlier call of this run; the Job as it is after that. */
  | { readonly kind: "started"; readonly job: Job }
  /** It had reserved its turn, and another process took it for abandoned. */
  | { readonly kind: "turn-lost"; readonly job: Job };

/** Throws RunFault, or the signal's reason. */
export async function unsuspend(
  client: KubernetesClient,
  job: JobInCluster,
  options: CallOptions,
): Promise<Unsuspended> {
  let seen: Job = job.object;
  const reservation = reservationOf(seen);
  for (;;) {
    // With its resourceVersion: a Job that was stopped or adopted meanwhile must not start again.
    const { uid, resourceVersion } = seen.metadata ?? {};
    const annotations = { [ANNOTATIONS.started]: new Date(client.clock.now()).toISOString() };
    const patch = { metadata: { uid, resourceVersion, annotations }, spec: { suspend: false } };
    try {
      return { kind: "started", job: await client.patch(jobs, job.namespace, job.name, patch, options) };
    } catch (error) {
      if (options.signal?.aborted) throw error;
      if (!(error instanceof ApiError && error.conflict)) throw failed(client, job, error);
      const found = await client.find(jobs, job.namespace, job.name, options).catch((findError: unknown) => {
        throw failed(client, job, findError);
      });
      const state = found?.metadata.uid === job.uid ? stateOf(found) : "leaving";
      if (!found || state === "leaving") throw failed(client, job, error);
      if (state !== "candidate") return { kind: "started", job: found };
      if (reservationOf(found) !== reservation) return { kind: "turn-lost", job: found };
      seen = found;
    }
  }
}

function failed(client: KubernetesClient, job: JobInCluster, error: unknown): RunFault {
  const doing = `Could not start Job ${job.name}`;
  return new RunFault(faultOf(error, { code: "k8s_job_create_failed", doing, at: client.clock.now() }), error);
}
