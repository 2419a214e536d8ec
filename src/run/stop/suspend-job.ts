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
import type { JobInCluster } from "../shared/launched-run.ts";
import { ANNOTATIONS } from "../shared/names.ts";

/** The longest pause before a suspension that failed is tried again, milliseconds. */
const LONGEST_PAUSE_MS = 30_000;

/** `nothing-to-stop`: the Job has finished, is gone, or another one has its name. */
export type SuspendOutcome = "suspended" | "nothing-to-stop";

/** Repeats until the cluster has answered with one of the two; rejects only when the signal aborts. */
export async function suspendJob(
  client: KubernetesClient,
  job: JobInCluster,
  reason: string,
  observed: ObservedRun,
  signal: AbortSignal,
): Promise<SuspendOutcome> {
  const patch = suspendPatch({ metadata: { uid: job.uid } }, reason);
  for (let failures = 0; ; failures++) {
    try {
      const suspended = await client.patch(jobs, job.namespace, job.name, patch, { signal });
      observed.add({ kind: "job", job: suspended, deleted: false, at: client.clock.now() });
      return "suspended";
    } catch (error) {
      if (signal.aborted) throw error;
      const at = client.clock.now();
      // 422: a finished Job cannot be suspended any more (measured). 409: one of another uid is not ours.
      if (error instanceof ApiError && (error.notFound || error.conflict || error.status === 422)) {
        if (error.notFound) observed.add({ kind: "job-gone", at });
        return "nothing-to-stop";
      }
      const doing = "Could not stop the Job yet, trying again";
      observed.add({ kind: "fault", fault: faultOf(error, { code: "k8s_adapter_fault", doing, at, fatal: false }) });
      await client.clock.sleep(Math.min(LONGEST_PAUSE_MS, 1000 * 2 ** failures), signal);
    }
  }
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
