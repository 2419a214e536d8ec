/** Removes a run's objects once its verdict is recorded. The Job owns Secret and pod: the cluster takes them with it. */
import { removeGuarded } from "../../files/guarded-file.ts";
import { ApiError } from "../../kubernetes/api-error.ts";
import type { KubernetesClient } from "../../kubernetes/client.ts";
import { jobs } from "../../kubernetes/resource-types.ts";
import { transcriptCopyOf } from "../plan/plan.ts";
import type { JobInCluster } from "../shared/launched-run.ts";
import { ANNOTATIONS } from "../shared/names.ts";

/** Milliseconds that the host waits for its result while the cluster is away. */
const RETRY_FOR_MS = 20_000;

/** Null when it is done (or was before); otherwise why it is not: the next run or the Job's TTL collects it. Never rejects. */
export async function cleanUp(client: KubernetesClient, job: JobInCluster): Promise<string | null> {
  const { uid, namespace, name } = job;
  const copy = transcriptCopyOf(job.object);
  // On a volume that is away this may fail: the copy is small, and nobody reads it without its Job.
  if (copy?.kind === "file") await removeGuarded(copy.path, copy.home).catch(() => undefined);
  return settled(
    client.delete(jobs, namespace, name, { uid, propagationPolicy: "Background", retryForMs: RETRY_FOR_MS }),
  );
}

/** Notes on a Job that is kept that its outcome is reported: no later run is to report it again. As above. */
export function markCollected(client: KubernetesClient, job: JobInCluster, runId: string): Promise<string | null> {
  const patch = { metadata: { uid: job.uid, annotations: { [ANNOTATIONS.collected]: runId } } };
  return settled(client.patch(jobs, job.namespace, job.name, patch, { retryForMs: RETRY_FOR_MS }));
}

async function settled(call: Promise<unknown>): Promise<string | null> {
  try {
    await call;
    return null;
  } catch (error) {
    // Gone, or another Job has the name: ours is gone.
    if (error instanceof ApiError && (error.notFound || error.conflict)) return null;
    return error instanceof Error ? error.message : String(error);
  }
}
