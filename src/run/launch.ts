/**
 * Brings the run's Job to life in three idempotent writes: the Job, suspended; its Secret, owned by the Job; then the
 * Job is let go. A crash between any two leaves a Job that never started and takes its Secret with it.
 */
import type { Job } from "kubernetes-types/batch/v1";
import type { Secret } from "kubernetes-types/core/v1";
import { ApiError } from "../kubernetes/api-error.ts";
import type { KubernetesClient } from "../kubernetes/client.ts";
import { jobs, secrets } from "../kubernetes/resource-types.ts";
import { faultOf } from "./api-advice.ts";
import { isRunOf } from "./claim/decide.ts";
import type { RunPlan } from "./plan/plan.ts";
import { RunFault } from "./run-fault.ts";

export interface LaunchedJob {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  /** As the cluster stored it. */
  readonly object: Job;
}

/** `existing`: the Job of this run when an earlier attempt made it. Throws RunFault; then nothing of the run is left. */
export async function launch(
  client: KubernetesClient,
  plan: RunPlan,
  existing: Job | null,
  signal: AbortSignal,
): Promise<LaunchedJob> {
  const job = existing ?? (await createJob(client, plan, signal));
  const launched = { name: plan.name, namespace: plan.namespace, uid: job.metadata?.uid ?? "", object: job };
  if (job.spec?.suspend !== true) return launched;
  try {
    await createSecret(client, plan, launched.uid, signal);
    await letGo(client, launched, signal);
  } catch (error) {
    // The pod was never started: nothing alive is deleted here.
    await client
      .delete(jobs, plan.namespace, plan.name, { uid: launched.uid, propagationPolicy: "Background" })
      .catch(() => "left to the next run's claim");
    throw error;
  }
  return launched;
}

async function createJob(client: KubernetesClient, plan: RunPlan, signal: AbortSignal): Promise<Job> {
  try {
    return await client.create(jobs, plan.namespace, plan.job, { signal });
  } catch (error) {
    if (signal.aborted) throw error;
    const found = mayExist(error) ? await client.find(jobs, plan.namespace, plan.name, { signal }) : undefined;
    if (found && isRunOf(found, plan.identity.runId)) return found;
    throw failed(client, "k8s_job_create_failed", `Could not create Job ${plan.name}`, error);
  }
}

async function createSecret(
  client: KubernetesClient,
  plan: RunPlan,
  jobUid: string,
  signal: AbortSignal,
): Promise<void> {
  const owner = { apiVersion: "batch/v1", kind: "Job", name: plan.name, uid: jobUid, controller: true };
  const secret: Secret = { ...plan.secret, metadata: { ...plan.secret.metadata, ownerReferences: [owner] } };
  try {
    await client.create(secrets, plan.namespace, secret, { signal });
  } catch (error) {
    if (signal.aborted) throw error;
    const found = mayExist(error) ? await client.find(secrets, plan.namespace, plan.name, { signal }) : undefined;
    if (found?.metadata?.ownerReferences?.some(({ uid }) => uid === jobUid)) return;
    throw failed(client, "k8s_prompt_secret_create_failed", `Could not create Secret ${plan.name}`, error);
  }
}

async function letGo(client: KubernetesClient, job: LaunchedJob, signal: AbortSignal): Promise<void> {
  try {
    await client.patch(jobs, job.namespace, job.name, { spec: { suspend: false } }, { signal });
  } catch (error) {
    if (signal.aborted) throw error;
    throw failed(client, "k8s_job_create_failed", `Could not start Job ${job.name}`, error);
  }
}

/** The object may be there: it was before, or the answer to our own create was lost. */
const mayExist = (error: unknown): boolean => error instanceof ApiError && (error.alreadyExists || error.ambiguous);

function failed(client: KubernetesClient, code: string, doing: string, error: unknown): RunFault {
  return new RunFault(faultOf(error, { code, doing, at: client.clock.now() }), error);
}
