/**
 * Asks the cluster why the run's Job waits in its queue, and at which place. The Workload and the visibility API are read where
 * those optional rights are granted (deploy/rbac.yaml), else the Events.
 */
import type { Event } from "kubernetes-types/core/v1";
import { ApiError } from "../../../kubernetes/api-error.ts";
import type { KubernetesClient } from "../../../kubernetes/client.ts";
import {
  JOB_UID_LABEL,
  KUEUE_VERSIONS,
  type KueueVersion,
  type PendingWorkloads,
  pendingWorkloads,
  type Workload,
  workloads,
} from "../../../kubernetes/kueue-types.ts";
import { events } from "../../../kubernetes/resource-types.ts";
import { queueOf, workloadIn } from "../../shared/kueue.ts";
import type { JobInCluster } from "../../shared/launched-run.ts";
import type { ObservedRun } from "../observed-run.ts";
import { readingOf } from "./reading.ts";

/** Reads once, into the record. Rejects with the signal's reason only. */
export type ReadQueue = (job: JobInCluster, observed: ObservedRun, signal: AbortSignal) => Promise<void>;

/** For any number of Jobs: what is denied in a namespace is not asked for there again. */
export function queueReader(client: KubernetesClient): ReadQueue {
  const denied = new Set<string>();
  let version: KueueVersion = KUEUE_VERSIONS[0];

  /** Null: it was denied, is not there, or did not answer. */
  const ask = async <T>(
    what: string,
    namespace: string,
    signal: AbortSignal,
    call: () => Promise<T>,
  ): Promise<T | null> => {
    const key = `${namespace}/${what}`;
    if (denied.has(key)) return null;
    try {
      return await call();
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      if (!(error instanceof ApiError)) throw error;
      // An API that is not served says 404 or 503; what is denied once is not asked for again.
      if (error.forbidden || error.notFound) denied.add(key);
      return null;
    }
  };

  const readWorkload = async (job: JobInCluster, signal: AbortSignal): Promise<Workload | "absent" | null> => {
    const labelSelector = `${JOB_UID_LABEL}=${job.uid}`;
    const list = (of: KueueVersion) =>
      client.list(workloads(of), job.namespace, { labelSelector, signal, retryForMs: 0 });
    const found = await ask("workloads", job.namespace, signal, () =>
      list(version).catch((error: unknown) => {
        if (!(error instanceof ApiError && error.notFound)) throw error;
        version = KUEUE_VERSIONS[1];
        return list(version);
      }),
    );
    return found && (found.items[0] ?? "absent");
  };

  const readPending = (namespace: string, queue: string, signal: AbortSignal): Promise<PendingWorkloads | null> =>
    ask("visibility", namespace, signal, () =>
      client.get(pendingWorkloads(version), namespace, queue, { signal, retryForMs: 0 }),
    );

  const readEvents = async (
    namespace: string,
    fieldSelector: string,
    signal: AbortSignal,
  ): Promise<readonly Event[]> => {
    const found = await ask("events", namespace, signal, () =>
      client.list(events, namespace, { fieldSelector, signal, retryForMs: 0 }),
    );
    return found?.items ?? [];
  };

  return async (job, observed, signal) => {
    const { namespace } = job;
    const current = observed.job ?? job.object;
    const workload = await readWorkload(job, signal);
    const ofJob = await readEvents(namespace, `involvedObject.uid=${job.uid}`, signal);
    const name = workload === null ? workloadIn(ofJob) : null;
    const selector = `involvedObject.kind=Workload,involvedObject.name=${name}`;
    const ofWorkload = name === null ? [] : await readEvents(namespace, selector, signal);
    const pending = await readPending(namespace, queueOf(current) ?? "", signal);
    for (const event of ofJob)
      if (!observed.events.some(({ metadata }) => metadata?.resourceVersion === event.metadata?.resourceVersion))
        observed.add({ kind: "event", event });
    const reading = readingOf({ job: current, workload, events: [...ofJob, ...ofWorkload], pending });
    observed.add({ kind: "queue", reading });
  };
}
