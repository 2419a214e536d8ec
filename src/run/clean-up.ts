/** Removes a run's objects once its verdict is recorded. The Job owns Secret and pod: the cluster takes them with it. */
import type { KubernetesClient } from "../kubernetes/client.ts";
import { jobs } from "../kubernetes/resource-types.ts";
import type { LaunchedJob } from "./launch.ts";

/** Null when it is done (or was before); otherwise why it is not: the Job's TTL collects it then. Never rejects. */
export async function cleanUp(client: KubernetesClient, job: LaunchedJob, retryForMs = 20_000): Promise<string | null> {
  try {
    await client.delete(jobs, job.namespace, job.name, {
      uid: job.uid,
      propagationPolicy: "Background",
      retryForMs,
    });
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
