/** Removes a run's objects once its verdict is recorded. The Job owns Secret and pod: the cluster takes them with it. */
import type { Job } from "kubernetes-types/batch/v1";
import type { ObjectMeta } from "kubernetes-types/meta/v1";
import { ApiError } from "../../kubernetes/api-error.ts";
import type { KubernetesClient } from "../../kubernetes/client.ts";
import type { Clock } from "../../kubernetes/clock.ts";
import { jobs, pods } from "../../kubernetes/resource-types.ts";
import { withdraw } from "../claim/claim.ts";
import { removeTranscriptCopy } from "../plan/plan.ts";
import { isOfRun } from "../shared/job-state.ts";
import { queueOf } from "../shared/kueue.ts";
import type { JobInCluster } from "../shared/launched-run.ts";
import { ANNOTATIONS } from "../shared/names.ts";
import { hasAgentEnded } from "../shared/unknown-agent.ts";
import { endPatch } from "../stop/stop.ts";

/** Milliseconds that the host waits for its result while the cluster is away: of a Stop's 60 s, few are left by now. */
const PATIENCE = { retryForMs: 3_000, timeoutMs: 5_000 };

/** Null when it is done (or was before); otherwise why it is not, in a sentence. Never rejects. */
export type CleanUpStep = (client: KubernetesClient) => Promise<string | null>;

/** Of a Job that no other run can have adopted: its outcome is on record, or it is a probe. */
export const removal =
  ({ uid, namespace, name }: JobInCluster): CleanUpStep =>
  (client) =>
    settled(client.delete(jobs, namespace, name, { uid, ...PATIENCE }));

/** A Job and the run that it belonged to when it was seen last: another one may have adopted it since. */
export interface OwnJob {
  readonly job: JobInCluster;
  readonly runId: string;
  /** As a watch that was heard of lately shows it; null: none does, and the process may have been frozen. */
  readonly newest: () => Job | null;
}

/** As long as it belongs to this run: a process that was frozen may not have seen yet that another run has adopted it. */
export const ownRemoval = (own: OwnJob): CleanUpStep =>
  asOwner(own, (client, { name = "", namespace = "", uid, resourceVersion }) =>
    client.delete(jobs, namespace, name, { uid, resourceVersion, ...PATIENCE }),
  );

/** Of a Job that was never unsuspended. Done, too, when it was after all: then it is not ours to remove. */
export const withdrawal =
  (job: JobInCluster): CleanUpStep =>
  (client) =>
    settled(withdraw(client, job));

/** Of a Job that was stopped and whose pod was not seen to end: as long as its agent may run, the Job holds its slot. */
export const removalOnceEnded =
  (own: OwnJob): CleanUpStep =>
  async (client) => {
    const { name, namespace } = own.job;
    try {
      const { items } = await client.list(pods, namespace, { labelSelector: `job-name=${name}`, ...PATIENCE });
      return items.every(hasAgentEnded) ? await ownRemoval(own)(client) : "its pod has not ended";
    } catch (error) {
      return messageOf(error);
    }
  };

/** With the runner's copy of the transcript. Null, or why the Job is still there. Never rejects. */
export async function cleanUp(client: KubernetesClient, job: JobInCluster): Promise<string | null> {
  const left = await removal(job)(client);
  await removeTranscriptCopy(job.object, client.clock);
  return left;
}

/** Notes on a Job that is kept, and still this run's, that its outcome is reported: no later run is to report it again. */
export const marking = (own: OwnJob): CleanUpStep =>
  asOwner(own, (client, { name = "", namespace = "", uid, resourceVersion }) => {
    const patch = { metadata: { uid, resourceVersion, annotations: { [ANNOTATIONS.collected]: own.runId } } };
    return client.patch(jobs, namespace, name, patch, PATIENCE);
  });

/** Changes of the Job, by its controller as a rule, that one write makes good for. */
const CONFLICTS = 5;

/**
 * A write on a Job as long as it is the run's. Done, too, when it is gone or another run's. Where no watch shows whose it is,
 * the write holds for the state that was seen only.
 */
function asOwner(
  { job, runId, newest }: OwnJob,
  write: (client: KubernetesClient, seen: ObjectMeta) => Promise<unknown>,
): CleanUpStep {
  return async (client) => {
    let found: Job | undefined = job.object;
    for (let conflicts = 0; ; conflicts++) {
      const shown = conflicts === 0 ? newest() : null;
      const seen: Job | undefined = shown ?? found;
      if (seen?.metadata?.uid !== job.uid || !isOfRun(seen, runId)) return null;
      const { resourceVersion, ...identity } = seen.metadata;
      try {
        await write(client, shown ? identity : { ...identity, ...(resourceVersion ? { resourceVersion } : {}) });
        return null;
      } catch (error) {
        if (error instanceof ApiError && error.notFound) return null;
        if (!(error instanceof ApiError && error.conflict) || conflicts >= CONFLICTS) return messageOf(error);
      }
      try {
        found = await client.find(jobs, job.namespace, job.name, PATIENCE);
      } catch (error) {
        return messageOf(error);
      }
    }
  };
}

/** Milliseconds that the other containers of a kept Job's pod get to end by themselves, before their pod is ended. */
const SIDECAR_ENDS_WITHIN_MS = 10_000;

/**
 * Suspends a Job that is kept although another container keeps its pod running: it would run for ever, and its TTL would
 * never begin. Done, too, when the pod has ended by itself meanwhile.
 */
export function suspension(job: JobInCluster, clock: Clock): CleanUpStep {
  const { uid, namespace, name } = job;
  const after = clock.now() + SIDECAR_ENDS_WITHIN_MS;
  return async (client) => {
    if (clock.now() < after) return "it may end by itself";
    // A queue would undo a suspension.
    const ends = queueOf(job.object) === null ? { metadata: { uid }, spec: { suspend: true } } : endPatch(job.object);
    const call = client.patch(jobs, namespace, name, ends, PATIENCE);
    // 422: it has finished, and cannot be suspended any more (measured).
    return settled(
      call.catch((error: unknown) => {
        if (!(error instanceof ApiError && error.status === 422)) throw error;
      }),
    );
  };
}

async function settled(call: Promise<unknown>): Promise<string | null> {
  try {
    await call;
    return null;
  } catch (error) {
    // Gone, or another Job has the name: ours is gone.
    if (error instanceof ApiError && (error.notFound || error.conflict)) return null;
    return messageOf(error);
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
