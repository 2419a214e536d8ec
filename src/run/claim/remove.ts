/** Removes what is left of a run that is over, or stops its agent: one write, which holds only for the state that was judged. */
import { ApiError } from "../../kubernetes/api-error.ts";
import type { KubernetesClient } from "../../kubernetes/client.ts";
import { jobs } from "../../kubernetes/resource-types.ts";
import { removeTranscriptCopy } from "../plan/plan.ts";
import { nameOf, stateOf } from "../shared/job-state.ts";
import { queueOf } from "../shared/kueue.ts";
import { annotateStop, endPatch, suspendPatch } from "../stop/stop.ts";
import type { Removal } from "./classify.ts";

/**
 * A stopped agent gets SIGTERM and its grace, as on any Stop; its Job is removed when its pod is gone, that of a queue at
 * once. Resolves with false when the Job has changed since: then it is decided again. Throws ApiError.
 */
export async function removeJob(
  client: KubernetesClient,
  namespace: string,
  { job, how, why }: Removal,
  signal: AbortSignal,
): Promise<boolean> {
  const { uid, resourceVersion } = job.metadata ?? {};
  try {
    if (how === "stop" && stateOf(job) === "collected" && queueOf(job) !== null)
      await client.patch(jobs, namespace, nameOf(job), endPatch(job), { signal });
    else if (how === "stop" && queueOf(job) === null)
      await client.patch(jobs, namespace, nameOf(job), suspendPatch(job, why), { signal });
    else {
      // Whoever observes the run is to see why it goes.
      if (how === "stop") await annotateStop(client, namespace, { job, why }, signal);
      const held = how === "stop" ? {} : { resourceVersion };
      await client.delete(jobs, namespace, nameOf(job), { uid, ...held, signal });
      await removeTranscriptCopy(job, client.clock);
    }
    return true;
  } catch (error) {
    if (error instanceof ApiError && error.notFound) return true;
    if (error instanceof ApiError && error.conflict) return false;
    throw error;
  }
}
