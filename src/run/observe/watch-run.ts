/** Feeds a run's record from the observer that all runs of this cluster share. */
import type { Job } from "kubernetes-types/batch/v1";
import type { Pod } from "kubernetes-types/core/v1";
import type { KubernetesClient } from "../../kubernetes/client.ts";
import { jobs } from "../../kubernetes/resource-types.ts";
import type { Observation, Observer } from "../../kubernetes/watch/observer.ts";
import type { JobInCluster } from "../shared/launched-run.ts";
import { isPodMissed } from "./end-of-run.ts";
import type { FindPod } from "./find-pod.ts";
import type { ObservedRun } from "./observed-run.ts";

export interface RunWatch {
  /** Resolves once all that exists of the run is in the record: what is not there by then does not exist. */
  readonly synced: Promise<void>;
  stop(): void;
}

/** Milliseconds between requests for a pod that the watch has not reported, while the cluster does not answer. */
const FIND_POD_EVERY_MS = 2_000;

/** Starts with what is known and goes on until stopped. `signal` ends it too, `synced` by a rejection. */
export function watchRun(
  client: KubernetesClient,
  observer: Observer,
  job: JobInCluster,
  observed: ObservedRun,
  findPod: FindPod,
  signal: AbortSignal,
): RunWatch {
  let isFinding = false;
  const unsubscribe = observed.subscribe(() => {
    if (isFinding || !isPodMissed(observed.evidence)) return;
    isFinding = true;
    findMissedPod(client, observed, findPod, signal).catch(() => "the run is over");
  });
  let seenJob = false;
  const stop = observer.observe({ jobUid: job.uid }, (seen) => {
    seenJob ||= seen.resource === "jobs";
    observed.add(toObservation(seen, client.clock.now()));
  });
  const sync = async (): Promise<void> => {
    await observer.synced(signal);
    if (seenJob) return;
    // A Job deleted before the watch began is never reported: a request must find that it is gone.
    const found = await client.find(jobs, job.namespace, job.name, { signal, retryForMs: Number.POSITIVE_INFINITY });
    const at = client.clock.now();
    const ours = found?.metadata.uid === job.uid;
    observed.add(found && ours ? { kind: "job", job: found, deleted: false, at } : { kind: "job-gone", at });
  };
  const stopAll = (): void => {
    stop();
    unsubscribe();
  };
  return { synced: sync(), stop: stopAll };
}

/** Jobs and pods come by two watches: a Job's end may be reported before its pod is. */
async function findMissedPod(client: KubernetesClient, observed: ObservedRun, findPod: FindPod, signal: AbortSignal) {
  while (isPodMissed(observed.evidence)) {
    const seen = await findPod(signal);
    if (seen.kind === "unavailable") await client.clock.sleep(FIND_POD_EVERY_MS, signal);
    else if (seen.kind === "found" && seen.pod)
      observed.add({ kind: "pod", pod: seen.pod, deleted: false, at: client.clock.now() });
    else observed.add({ kind: "no-pod" });
  }
}

function toObservation(seen: Observation, at: number): Parameters<ObservedRun["add"]>[0] {
  if (seen.resource === "jobs")
    return seen.type === "GONE"
      ? { kind: "job-gone", at }
      : { kind: "job", job: seen.object as Job, deleted: seen.type === "DELETED", at };
  return seen.type === "GONE"
    ? { kind: "pod-gone", at }
    : { kind: "pod", pod: seen.object as Pod, deleted: seen.type === "DELETED", at };
}
