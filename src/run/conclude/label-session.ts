/**
 * Shows on a Job that outlives our watch in which session its agent works. Paperclip may hand a session that a result
 * named to another slot's run at once, and a fresh one is not on the Job yet: that run would start a second agent in it.
 */
import type { KubernetesClient } from "../../kubernetes/client.ts";
import { jobs } from "../../kubernetes/resource-types.ts";
import { sessionLabelOf } from "../shared/job-state.ts";
import type { JobInCluster } from "../shared/launched-run.ts";
import { LABELS, labelValue } from "../shared/names.ts";

/** Milliseconds: a host that shuts down waits 5 s for its runs (measured). */
const RETRY_FOR_MS = 2_000;

/** False when the Job may not show it: then no result is to name the session. Never rejects. */
export async function labelSession(client: KubernetesClient, job: JobInCluster, sessionId: string): Promise<boolean> {
  const session = labelValue(sessionId);
  if (session === null || sessionLabelOf(job.object) === session) return true;
  const patch = { metadata: { uid: job.uid, labels: { [LABELS.sessionId]: session } } };
  try {
    await client.patch(jobs, job.namespace, job.name, patch, { retryForMs: RETRY_FOR_MS, timeoutMs: RETRY_FOR_MS });
    return true;
  } catch {
    return false;
  }
}
