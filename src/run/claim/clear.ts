/** Clears the way for a run: removes what is left of runs that are over. Every step holds only for what was decided on. */
import type { Job } from "kubernetes-types/batch/v1";
import { ApiError } from "../../kubernetes/api-error.ts";
import type { KubernetesClient } from "../../kubernetes/client.ts";
import { jobs } from "../../kubernetes/resource-types.ts";
import { hasPods, nameOf, stateOf } from "../shared/job-state.ts";
import { readRunTerms } from "../shared/run-terms.ts";
import { suspendPatch } from "../stop/stop.ts";
import type { Clearing } from "./classify.ts";

/** Seconds beyond its grace that a stopped agent's pod may take to be gone. */
const STOPPED_WITHIN_SEC = 60;
const DEFAULT_GRACE_SEC = 60;
const LOOK_EVERY_MS = 500;

/** Resolves also when the Job has changed meanwhile: it is to be looked at again. Throws ApiError. */
export async function clearAway(
  client: KubernetesClient,
  namespace: string,
  { job, how }: Clearing,
  signal: AbortSignal,
): Promise<void> {
  const { uid, resourceVersion } = job.metadata ?? {};
  try {
    if (how === "stop") await stopAndWait(client, namespace, job, signal);
    else if (stateOf(job) === "stopped" && hasPods(job)) await removeEnded(client, namespace, job, signal);
    else await client.delete(jobs, namespace, nameOf(job), { uid, resourceVersion, signal });
  } catch (error) {
    if (!(error instanceof ApiError && (error.conflict || error.notFound))) throw error;
  }
}

/** Its agent gets SIGTERM and its grace, as on any Stop; the Job is deleted in the next round. */
async function stopAndWait(client: KubernetesClient, namespace: string, job: Job, signal: AbortSignal): Promise<void> {
  const because = "its run was cancelled while nobody watched it";
  const stopped = await client.patch(jobs, namespace, nameOf(job), suspendPatch(job, because), { signal });
  await untilEnded(client, namespace, stopped, signal);
}

/** Whoever stopped it is gone, and its agent may still be saving its session: nobody else is to use that yet. */
async function removeEnded(client: KubernetesClient, namespace: string, job: Job, signal: AbortSignal): Promise<void> {
  const seen = await untilEnded(client, namespace, job, signal);
  if (!seen || stateOf(seen) !== "stopped") return;
  const { uid, resourceVersion } = seen.metadata ?? {};
  await client.delete(jobs, namespace, nameOf(seen), { uid, resourceVersion, signal });
}

/** The Job when none of its pods is left, or after as long as they may take; null when it is gone. */
async function untilEnded(
  client: KubernetesClient,
  namespace: string,
  job: Job,
  signal: AbortSignal,
): Promise<Job | null> {
  const graceSec = readRunTerms(job)?.graceSec ?? DEFAULT_GRACE_SEC;
  const deadline = client.clock.now() + (graceSec + STOPPED_WITHIN_SEC) * 1000;
  let seen: Job = job;
  while (hasPods(seen) && client.clock.now() < deadline) {
    await client.clock.sleep(LOOK_EVERY_MS, signal);
    const found = await client.find(jobs, namespace, nameOf(job), { signal });
    if (!found || found.metadata.uid !== job.metadata?.uid) return null;
    seen = found;
  }
  return seen;
}
