/** Adopts the Job of a run that is over: from then on it belongs to this run, for every process that reads it. */
import type { Job } from "kubernetes-types/batch/v1";
import { ApiError } from "../../kubernetes/api-error.ts";
import type { KubernetesClient } from "../../kubernetes/client.ts";
import { jobs } from "../../kubernetes/resource-types.ts";
import { isOfRun, nameOf, runIdOf, stateOf } from "../shared/job-state.ts";
import { ANNOTATIONS, LABELS, labelValue } from "../shared/names.ts";
import type { Claimant } from "./classify.ts";

/** Milliseconds that an API server may fail, or a webhook of the cluster be away: the agent works on meanwhile. */
const RETRY_FOR_MS = 180_000;

/** Null when the Job has changed since it was listed: then it is to be decided on again. Throws ApiError. */
export async function adopt(
  client: KubernetesClient,
  namespace: string,
  job: Job,
  me: Pick<Claimant, "runId" | "taskId">,
  signal: AbortSignal,
): Promise<Job | null> {
  // With its resourceVersion the patch holds for this state of the Job only: of two that want it, one gets it.
  const { uid, resourceVersion } = job.metadata ?? {};
  const task = me.taskId === null ? {} : { [ANNOTATIONS.taskId]: me.taskId };
  const taskLabel = labelValue(me.taskId) === null ? {} : { [LABELS.taskId]: labelValue(me.taskId) };
  const patch = {
    metadata: {
      uid,
      resourceVersion,
      labels: { [LABELS.runId]: labelValue(me.runId), ...taskLabel },
      annotations: { [ANNOTATIONS.runId]: me.runId, [ANNOTATIONS.adoptedFrom]: runIdOf(job), ...task },
    },
  };
  try {
    return await client.patch(jobs, namespace, nameOf(job), patch, { signal, retryForMs: RETRY_FOR_MS });
  } catch (error) {
    if (error instanceof ApiError && error.notFound) return null;
    if (!(error instanceof ApiError && error.conflict)) throw error;
  }
  // The first answer may have been lost, and the conflict be with our own patch.
  const found = await client.find(jobs, namespace, nameOf(job), { signal });
  if (!found || found.metadata.uid !== uid || stateOf(found) === "leaving") return null;
  return isOfRun(found, me.runId) ? found : null;
}
