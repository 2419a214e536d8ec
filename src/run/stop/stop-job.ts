/**
 * Stops a run. Its Job is suspended and nothing is deleted: the pod is ended with SIGTERM and its grace, its last status (with the
 * seal) comes with the watch's DELETED event, and the suspension outlives us if we are killed now (measured).
 *
 * A queue undoes a suspension within milliseconds and starts a new pod (measured, Kueue 0.19). Its Job is annotated and then
 * deleted, in the background: the pod ends in the same way, and that works while Kueue is away, when a deletion in the
 * foreground hangs and every patch of a Job is refused.
 */
import type { Job } from "kubernetes-types/batch/v1";
import { ApiError } from "../../kubernetes/api-error.ts";
import type { KubernetesClient } from "../../kubernetes/client.ts";
import { jobs } from "../../kubernetes/resource-types.ts";
import type { ObservedRun } from "../observe/observe.ts";
import { faultOf, webhookAway } from "../shared/api-advice.ts";
import { nameOf } from "../shared/job-state.ts";
import { queueOf } from "../shared/kueue.ts";
import type { JobInCluster } from "../shared/launched-run.ts";
import { ANNOTATIONS } from "../shared/names.ts";

/** The longest pause before a stop that failed is tried again, milliseconds. */
const LONGEST_PAUSE_MS = 30_000;
/** Milliseconds within which one attempt is repeated: a webhook that is away is not waited for. */
const RETRY_FOR_MS = 5_000;

/** `nothing-to-stop`: the Job has finished, is gone, or another one has its name. */
export type StopOutcome = "stopped" | "nothing-to-stop";

/** Repeats until the cluster has answered with one of the two; rejects only when the signal aborts. */
export async function stopJob(
  client: KubernetesClient,
  job: JobInCluster,
  reason: string,
  observed: ObservedRun,
  signal: AbortSignal,
): Promise<StopOutcome> {
  const options = { signal, retryForMs: RETRY_FOR_MS };
  const isQueued = (): boolean => queueOf(observed.job ?? job.object) !== null;
  const { uid } = job;
  const remove = async (): Promise<StopOutcome> => {
    const answer = await client.delete(jobs, job.namespace, job.name, {
      uid,
      propagationPolicy: "Background",
      ...options,
    });
    return answer === "accepted" ? "stopped" : nothingToStop();
  };
  const nothingToStop = (): StopOutcome => {
    observed.add({ kind: "job-gone", at: client.clock.now() });
    return "nothing-to-stop";
  };
  for (let failures = 0; ; failures++) {
    try {
      const patch = isQueued() ? stopPatch({ metadata: { uid } }, reason) : suspendPatch({ metadata: { uid } }, reason);
      const patched = await client.patch(jobs, job.namespace, job.name, patch, options).catch((error: unknown) => {
        if (signal.aborted || webhookAway(error) === null) throw error;
        return null;
      });
      if (patched) observed.add({ kind: "job", job: patched, deleted: false, at: client.clock.now() });
      return patched && !isQueued() ? "stopped" : await remove();
    } catch (error) {
      if (signal.aborted) throw error;
      const at = client.clock.now();
      // 422: a finished Job cannot be suspended any more (measured). 409: one of another uid is not ours.
      if (error instanceof ApiError && (error.notFound || error.conflict || error.status === 422))
        return error.notFound ? nothingToStop() : "nothing-to-stop";
      const doing = "Could not stop the Job yet, trying again";
      observed.add({ kind: "fault", fault: faultOf(error, { code: "k8s_adapter_fault", doing, at, fatal: false }) });
      await client.clock.sleep(Math.min(LONGEST_PAUSE_MS, 1000 * 2 ** failures), signal);
    }
  }
}

/** A patch that holds for this Job only; with a resourceVersion, for this state of it only. */
export function suspendPatch(job: Job, reason: string): object {
  return { ...stopPatch(job, reason), spec: { suspend: true } };
}

/** Why it is stopped, for whoever sees it go. */
function stopPatch({ metadata }: Job, reason: string): object {
  const { uid, resourceVersion } = metadata ?? {};
  return {
    metadata: {
      uid,
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
      annotations: { [ANNOTATIONS.stopped]: reason },
    },
  };
}

/** Of a queue's Job, before it is deleted; not where a webhook of the cluster is away. Throws ApiError when the Job has changed. */
export async function annotateStop(
  client: KubernetesClient,
  namespace: string,
  { job, why }: { readonly job: Job; readonly why: string },
  signal: AbortSignal,
): Promise<void> {
  const options = { signal, retryForMs: RETRY_FOR_MS };
  try {
    await client.patch(jobs, namespace, nameOf(job), stopPatch(job, why), options);
  } catch (error) {
    if (webhookAway(error) === null) throw error;
  }
}

/** Ends a Job of a queue that is to stay: it fails after a second, and is not started again (measured, Kueue 0.19). */
export function endPatch({ metadata }: Job): object {
  return { metadata: { uid: metadata?.uid }, spec: { activeDeadlineSeconds: 1 } };
}
