/** Deletes a Job that was never let go. Nothing that runs, or ran, is deleted here. */
import type { Job } from "kubernetes-types/batch/v1";
import { ApiError } from "../../kubernetes/api-error.ts";
import type { KubernetesClient } from "../../kubernetes/client.ts";
import { jobs } from "../../kubernetes/resource-types.ts";
import { faultOf } from "../shared/api-advice.ts";
import { isHeld, stateOf } from "../shared/job-state.ts";
import type { JobInCluster } from "../shared/launched-run.ts";
import { RunFault } from "../shared/run-fault.ts";

/** Its controller writes the Job's status at any time: then the deletion is tried on the newer state. */
const ATTEMPTS = 10;
const OPTIONS = { retryForMs: 10_000 };

/** Null when it is gone; the Job itself when it turns out that it was started. Throws RunFault when neither is certain. */
export async function withdraw(client: KubernetesClient, { name, namespace, uid }: JobInCluster): Promise<Job | null> {
  let problem: unknown;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    try {
      const job = await client.find(jobs, namespace, name, OPTIONS);
      if (job?.metadata.uid !== uid || stateOf(job) === "leaving") return null;
      if (!isHeld(job)) return job;
      const { resourceVersion } = job.metadata;
      await client.delete(jobs, namespace, name, { uid, resourceVersion, ...OPTIONS });
      return null;
    } catch (error) {
      problem = error;
      if (!(error instanceof ApiError && error.conflict)) break;
    }
  }
  const doing = `Could not delete Job ${name}, which may have started`;
  const fault = faultOf(problem, { code: "k8s_job_create_failed", doing, at: client.clock.now() });
  throw new RunFault({ ...fault, mayRun: true }, problem);
}
