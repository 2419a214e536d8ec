/**
 * Lets the run's Job go, once it is elected and its Secret is there: unsuspends it or, where a queue is to have it, hands it to
 * that by one write that leaves `suspend` alone (measured, Kueue 0.19: both in one write are refused, and a queue that already
 * has the Job would see it run without quota).
 */
import type { Job } from "kubernetes-types/batch/v1";
import { ApiError } from "../../kubernetes/api-error.ts";
import type { CallOptions } from "../../kubernetes/call-options.ts";
import type { KubernetesClient } from "../../kubernetes/client.ts";
import { jobs } from "../../kubernetes/resource-types.ts";
import { reservationOf } from "../claim/claim.ts";
import { faultOf, WEBHOOK_AWAY_MS, webhookAway } from "../shared/api-advice.ts";
import { isHeld, stateOf } from "../shared/job-state.ts";
import { GATE_ANNOTATION, queueOf, withoutGate } from "../shared/kueue.ts";
import type { JobInCluster } from "../shared/launched-run.ts";
import { ANNOTATIONS, QUEUE_LABEL } from "../shared/names.ts";
import { RunFault } from "../shared/run-fault.ts";

export type LetGo =
  /** By us, or by an earlier call of this run; the Job as it is after that. */
  | { readonly kind: "started"; readonly job: Job }
  /** It had reserved its turn, and another process took it for abandoned. */
  | { readonly kind: "turn-lost"; readonly job: Job };

/** @param queue of the plan. Throws RunFault, or the signal's reason. */
export async function letGo(
  client: KubernetesClient,
  job: JobInCluster,
  queue: string | null,
  options: CallOptions,
): Promise<LetGo> {
  let seen: Job = job.object;
  const reservation = reservationOf(seen);
  const began = client.clock.now();
  for (;;) {
    const patch = letGoPatch(seen, queue, new Date(client.clock.now()).toISOString());
    try {
      return { kind: "started", job: await client.patch(jobs, job.namespace, job.name, patch, options) };
    } catch (error) {
      if (options.signal?.aborted) throw error;
      // It is told with every call that is retried: see tellRetries().
      if (webhookAway(error) !== null && client.clock.now() < began + WEBHOOK_AWAY_MS) continue;
      if (!(error instanceof ApiError && error.conflict)) throw failed(client, job, error);
      const found = await client.find(jobs, job.namespace, job.name, options).catch((findError: unknown) => {
        throw failed(client, job, findError);
      });
      const state = found?.metadata.uid === job.uid ? stateOf(found) : "leaving";
      if (!found || state === "leaving") throw failed(client, job, error);
      if (!isHeld(found)) return { kind: "started", job: found };
      if (reservationOf(found) !== reservation) return { kind: "turn-lost", job: found };
      seen = found;
    }
  }
}

/**
 * With its resourceVersion: a Job that was stopped or adopted meanwhile must not start again.
 *
 * @param at RFC 3339
 */
export function letGoPatch(job: Job, queue: string | null, at: string): object {
  const { uid, resourceVersion } = job.metadata ?? {};
  const annotations = { [ANNOTATIONS.started]: at, [GATE_ANNOTATION]: withoutGate(job) };
  const metadata = { uid, resourceVersion, annotations };
  // A LocalQueue named `default` labels whatever comes; another queue can be named as long as the Job is suspended.
  const taken = queueOf(job);
  const isMovable = job.spec?.suspend === true;
  const named = queue !== null && queue !== taken && isMovable ? { labels: { [QUEUE_LABEL]: queue } } : {};
  const unsuspends = taken === null && queue === null;
  return { metadata: { ...metadata, ...named }, ...(unsuspends ? { spec: { suspend: false } } : {}) };
}

function failed(client: KubernetesClient, job: JobInCluster, error: unknown): RunFault {
  const doing = `Could not start Job ${job.name}`;
  return new RunFault(faultOf(error, { code: "k8s_job_create_failed", doing, at: client.clock.now() }), error);
}
