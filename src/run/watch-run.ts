/** Feeds a run's record from the observer that all runs of this cluster share. */
import type { Job } from "kubernetes-types/batch/v1";
import type { Pod } from "kubernetes-types/core/v1";
import type { KubernetesClient } from "../kubernetes/client.ts";
import type { Observation, Observer } from "../kubernetes/observer.ts";
import { jobs } from "../kubernetes/resource-types.ts";
import { belongsTo } from "./evidence/observe.ts";
import type { LaunchedJob } from "./launch.ts";
import type { RunRecord } from "./record.ts";

/** Starts with what is known and goes on until stopped. Returns the way to stop. */
export function watchRun(
  client: KubernetesClient,
  observer: Observer,
  job: LaunchedJob,
  record: RunRecord,
  signal: AbortSignal,
): () => void {
  let seenJob = false;
  const stop = observer.observe(
    (seen) => isOf(job, seen),
    (seen) => {
      seenJob ||= seen.resource === "jobs";
      record.add(toObservation(seen, client.clock.now()));
    },
  );
  // A Job deleted before the watch began is never told: then a look must say that it is gone.
  void observer
    .synced(signal)
    .then(async () => {
      if (seenJob) return;
      const found = await client.find(jobs, job.namespace, job.name, { signal });
      const at = client.clock.now();
      record.add(found ? { kind: "job", job: found, deleted: false, at } : { kind: "job-gone", at });
    })
    .catch(() => "the run is over, or the watch itself will tell");
  return stop;
}

function toObservation(seen: Observation, at: number): Parameters<RunRecord["add"]>[0] {
  if (seen.resource === "jobs")
    return seen.type === "GONE"
      ? { kind: "job-gone", at }
      : { kind: "job", job: seen.object as Job, deleted: seen.type === "DELETED", at };
  return seen.type === "GONE"
    ? { kind: "pod-gone", at }
    : { kind: "pod", pod: seen.object as Pod, deleted: seen.type === "DELETED", at };
}

function isOf(job: LaunchedJob, seen: Observation): boolean {
  return seen.resource === "jobs" ? seen.object.metadata.uid === job.uid : belongsTo(seen.object, job.uid);
}
