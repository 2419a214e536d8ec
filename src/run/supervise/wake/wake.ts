/** Wakes the agent of a lost run: the mark on the Job first, then the request. */
import type { Job } from "kubernetes-types/batch/v1";
import { ApiError } from "../../../kubernetes/api-error.ts";
import type { KubernetesClient } from "../../../kubernetes/client.ts";
import { jobs } from "../../../kubernetes/resource-types.ts";
import { type WakeupRequest, wakeAgent } from "../../../paperclip/wakeup.ts";
import { nameOf } from "../../shared/job-state.ts";
import type { Wake } from "../action.ts";
import { readMark, type WokenMark, writeMark } from "./woken-mark.ts";

export interface WakeAccess extends Pick<WakeupRequest, "url" | "token" | "agentId"> {
  readonly signal: AbortSignal;
}

/** The Job with our mark; null when another process was quicker, or the Job has changed. Throws ApiError. */
export async function claimWakeup(
  client: KubernetesClient,
  job: Job,
  { mark }: Wake,
  signal: AbortSignal,
): Promise<Job | null> {
  const { namespace = "", uid, resourceVersion } = job.metadata ?? {};
  const patch = { metadata: { uid, resourceVersion, annotations: writeMark(mark) } };
  try {
    return await client.patch(jobs, namespace, nameOf(job), patch, { signal });
  } catch (error) {
    if (error instanceof ApiError && error.notFound) return null;
    if (!(error instanceof ApiError && error.conflict)) throw error;
  }
  // The first answer may have been lost, and the conflict be with our own mark.
  const found = await client.find(jobs, namespace, nameOf(job), { signal });
  return found && found.metadata.uid === uid && readMark(found)?.nonce === mark.nonce ? found : null;
}

/** Never rejects for what Paperclip answers; throws ApiError. */
export async function wake(
  client: KubernetesClient,
  job: Job,
  { lostRunId, taskId, mark }: Wake,
  access: WakeAccess,
  tell: (message: string) => void,
): Promise<void> {
  const answer = await wakeAgent({ ...access, taskId, lostRunId });
  const what = `Job ${nameOf(job)} of run ${lostRunId} has no run any more`;
  if (answer.kind === "woken") return tell(`${what}: run ${answer.runId} is to take it over`);
  if (answer.kind === "held")
    return tell(`${what}, and Paperclip holds ${taskId ? `its task ${taskId}` : "its agent"} back: ${answer.why}`);
  tell(`${what}, and its agent could not be woken: ${answer.why}`);
  await noteFailure(client, job, mark, access.signal);
}

/** Then it is tried again soon. The mark only counts as long as it is ours. */
async function noteFailure(client: KubernetesClient, job: Job, mark: WokenMark, signal: AbortSignal): Promise<void> {
  const { namespace = "", uid, resourceVersion } = job.metadata ?? {};
  const patch = { metadata: { uid, resourceVersion, annotations: writeMark({ ...mark, failed: true }) } };
  await client.patch(jobs, namespace, nameOf(job), patch, { signal }).catch((error: unknown) => {
    if (!(error instanceof ApiError && (error.conflict || error.notFound))) throw error;
  });
}
