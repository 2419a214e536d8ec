/** Takes over the Job of a run that is over: from then on it belongs to this run, for every process that looks. */
import type { Job } from "kubernetes-types/batch/v1";
import { ApiError } from "../../kubernetes/api-error.ts";
import type { KubernetesClient } from "../../kubernetes/client.ts";
import { jobs } from "../../kubernetes/resource-types.ts";
import { nameOf } from "../shared/job-state.ts";
import { ANNOTATIONS, LABELS, labelValue } from "../shared/names.ts";
import type { Claimant } from "./classify.ts";

/** Null when the Job has changed since it was looked at: then it is to be decided on again. Throws ApiError. */
export async function adopt(
  client: KubernetesClient,
  namespace: string,
  job: Job,
  me: Claimant,
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
      annotations: { [ANNOTATIONS.runId]: me.runId, ...task },
    },
  };
  try {
    return await client.patch(jobs, namespace, nameOf(job), patch, { signal });
  } catch (error) {
    if (error instanceof ApiError && (error.conflict || error.notFound)) return null;
    throw error;
  }
}
