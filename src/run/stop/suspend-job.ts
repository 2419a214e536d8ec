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

/** Repeats until the cluster confirms or the Job is gone; rejects only when the signal aborts. */
export async function suspendJob(
  client: KubernetesClient,
  job: JobInCluster,
  because: string,
  observed: ObservedRun,
  signal: AbortSignal,
): Promise<void> {
  const patch = suspendPatch({ metadata: { uid: job.uid } }, because);
  for (let failures = 0; ; failures++) {
    try {
      const stopped = await client.patch(jobs, job.namespace, job.name, patch, { signal });
      observed.add({ kind: "job", job: stopped, deleted: false, at: client.clock.now() });
      return;
    } catch (error) {
      if (signal.aborted) throw error;
      const at = client.clock.now();
      // A finished Job cannot be suspended any more, one of another uid is not ours: both have nothing left to stop.
      if (error instanceof ApiError && (error.notFound || error.conflict || error.status === 422)) {
        if (error.notFound) observed.add({ kind: "job-gone", at });
        return;
      }
      const doing = "Could not stop the Job yet, trying again";
      observed.add({ kind: "fault", fault: faultOf(error, { code: "k8s_adapter_fault", doing, at, fatal: false }) });
      await client.clock.sleep(Math.min(30_000, 1000 * 2 ** failures), signal);
    }
  }
}

/** A patch that holds for this Job only; with a resourceVersion, for this state of it only. */
export function suspendPatch({ metadata }: Job, because: string): object {
  const { uid, resourceVersion } = metadata ?? {};
  return {
    metadata: {
      uid,
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
      annotations: { [ANNOTATIONS.stopped]: because },
    },
    spec: { suspend: true },
  };
}
