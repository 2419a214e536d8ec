/**
 * Stops a run without deleting anything: a suspended Job's pod is ended with SIGTERM and its grace, its last status
 * (with the seal) comes with the watch's DELETED event, and the suspension outlives us if we are killed now (measured).
 */
import type { Job } from "kubernetes-types/batch/v1";
import { ApiError } from "../../kubernetes/api-error.ts";
import type { KubernetesClient } from "../../kubernetes/client.ts";
import { jobs } from "../../kubernetes/resource-types.ts";
import type { ObservedRun } from "../observe/observe.ts";
import { faultOf } from "../shared/api-advice.ts";
import { isOfRun, wasStopped } from "../shared/job-state.ts";
import type { JobInCluster } from "../shared/launched-run.ts";
import { ANNOTATIONS } from "../shared/names.ts";

/** The longest pause before a suspension that failed is tried again, milliseconds. */
const LONGEST_PAUSE_MS = 30_000;

/** Changes of the Job that are met at once. */
const MAX_CHANGES = 3;

/** `nothing-to-stop`: the Job has finished, is gone, another one has its name, or it belongs to another run. */
export type SuspendOutcome = "suspended" | "nothing-to-stop";

/** Repeats until the cluster has answered with one of the two; rejects only when the signal aborts. */
export async function suspendJob(
  client: KubernetesClient,
  whose: { readonly job: JobInCluster; readonly runId: string },
  reason: string,
  observed: ObservedRun,
  signal: AbortSignal,
): Promise<SuspendOutcome> {
  for (let failures = 0; ; failures++) {
    try {
      const outcome = await suspendOnce(client, whose, reason, observed, signal);
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
async function suspendOnce(
  client: KubernetesClient,
  { job: { name, namespace, uid, object }, runId }: Parameters<typeof suspendJob>[1],
  reason: string,
  observed: ObservedRun,
  signal: AbortSignal,
): Promise<SuspendOutcome | "changed"> {
  const see = (job: Job): void => observed.add({ kind: "job", job, deleted: false, at: client.clock.now() });
  const patch = suspendPatch(observed.job ?? object, reason);
  try {
    see(await client.patch(jobs, namespace, name, patch, { signal }));
    return "suspended";
  } catch (error) {
    // 422: a finished Job cannot be suspended any more (measured).
    if (error instanceof ApiError && error.status === 422) return "nothing-to-stop";
    if (!(error instanceof ApiError && (error.notFound || error.conflict))) throw error;
  }
  // By its controller; or by the run that has adopted it, which a process that was frozen has not seen yet; or by our own
  // write, whose answer was lost.
  const found = await client.find(jobs, namespace, name, { signal });
  if (!found) observed.add({ kind: "job-gone", at: client.clock.now() });
  else see(found);
  if (found?.metadata.uid !== uid || !isOfRun(found, runId)) return "nothing-to-stop";
  return found.spec?.suspend === true && wasStopped(found) ? "suspended" : "changed";
}

/** A patch that holds for this Job only; with a resourceVersion, for this state of it only. */
export function suspendPatch({ metadata }: Job, reason: string): object {
  const { uid, resourceVersion } = metadata ?? {};
  return {
    metadata: {
      uid,
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
      annotations: { [ANNOTATIONS.stopped]: reason },
    },
    spec: { suspend: true },
  };
}
