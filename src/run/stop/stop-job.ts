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
import { isOfRun, nameOf, wasStopped } from "../shared/job-state.ts";
import { queueOf } from "../shared/kueue.ts";
import type { JobInCluster } from "../shared/launched-run.ts";
import { ANNOTATIONS } from "../shared/names.ts";

/** The longest pause before a stop that failed is tried again, milliseconds. */
const LONGEST_PAUSE_MS = 30_000;
/** Milliseconds within which one attempt is repeated: a webhook that is away is not waited for. */
const RETRY_FOR_MS = 5_000;

/** Changes of the Job that are met at once. */
const MAX_CHANGES = 3;

/** `nothing-to-stop`: the Job has finished, is gone, another one has its name, or it belongs to another run. */
export type StopOutcome = "stopped" | "nothing-to-stop";

interface OwnJob {
  readonly job: JobInCluster;
  /** The run that it belonged to when it was seen last. */
  readonly runId: string;
}

/** Repeats until the cluster has answered with one of the two; rejects only when the signal aborts. */
export async function stopJob(
  client: KubernetesClient,
  own: OwnJob,
  reason: string,
  observed: ObservedRun,
  signal: AbortSignal,
): Promise<StopOutcome> {
  for (let failures = 0; ; failures++) {
    try {
      const outcome = await stopOnce(client, own, reason, observed, signal);
      if (outcome !== "changed") return outcome;
      // Its controller writes once or twice; what never ends is something else's conflict.
      if (failures > MAX_CHANGES) await client.clock.sleep(1000, signal);
    } catch (error) {
      if (signal.aborted) throw error;
      const at = client.clock.now();
      const doing = "Could not stop the Job yet, trying again";
      observed.add({ kind: "fault", fault: faultOf(error, { code: "k8s_adapter_fault", doing, at, fatal: false }) });
      await client.clock.sleep(Math.min(LONGEST_PAUSE_MS, 1000 * 2 ** failures), signal);
    }
  }
}

/** `changed`: since it was seen last, and it is still this run's. Throws ApiError. */
async function stopOnce(
  client: KubernetesClient,
  { job: { name, namespace, uid, object }, runId }: OwnJob,
  reason: string,
  observed: ObservedRun,
  signal: AbortSignal,
): Promise<StopOutcome | "changed"> {
  const options = { signal, retryForMs: RETRY_FOR_MS };
  const see = (job: Job): void => observed.add({ kind: "job", job, deleted: false, at: client.clock.now() });
  const seen = observed.job ?? object;
  const isQueued = queueOf(seen) !== null;
  const remove = async (): Promise<StopOutcome> => {
    const answer = await client.delete(jobs, namespace, name, { uid, ...options });
    if (answer === "absent") observed.add({ kind: "job-gone", at: client.clock.now() });
    return answer === "absent" ? "nothing-to-stop" : "stopped";
  };
  try {
    const patch = isQueued ? stopPatch(seen, reason) : suspendPatch(seen, reason);
    const patched = await client.patch(jobs, namespace, name, patch, options).catch((error: unknown) => {
      if (signal.aborted || webhookAway(error) === null) throw error;
      return null;
    });
    if (patched) see(patched);
    return patched && !isQueued ? "stopped" : await remove();
  } catch (error) {
    // 422: a finished Job cannot be suspended any more (measured).
    if (error instanceof ApiError && error.status === 422) return "nothing-to-stop";
    if (!(error instanceof ApiError && (error.notFound || error.conflict))) throw error;
  }
  // By its controller; or by the run that has adopted it, which a process that was frozen has not seen yet; or by our own
  // write, whose answer was lost.
  const found = await client.find(jobs, namespace, name, options);
  if (!found) observed.add({ kind: "job-gone", at: client.clock.now() });
  else see(found);
  if (found?.metadata.uid !== uid || !isOfRun(found, runId)) return "nothing-to-stop";
  if (!wasStopped(found)) return "changed";
  if (isQueued) return await remove();
  return found.spec?.suspend === true ? "stopped" : "changed";
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
