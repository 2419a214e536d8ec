/** The Jobs and pods of a look from then on, by the watches that runs have. */
import type { Job } from "kubernetes-types/batch/v1";
import type { Pod } from "kubernetes-types/core/v1";
import type { Stored } from "../kubernetes/resource-types.ts";
import { RUNS_AND_PROBES } from "../run/shared/names.ts";
import { isOf } from "./instances.ts";
import type { Look } from "./open.ts";
import { type FoundJob, joined } from "./snapshot.ts";

export interface JobsWatched {
  /** As they are now, newest first. */
  jobs(): readonly FoundJob[];
  /** Resolves at the next change, or after `withinMs`. Rejects with the look's signal's reason, or ApiError where it is denied. */
  changed(withinMs?: number): Promise<void>;
  stop(): void;
}

/** Until the watches have delivered what there is, it is what the look has found. */
export function watchJobs({ places, found, instance, scope, signal }: Look): JobsWatched {
  let next = Promise.withResolvers<void>();
  const denied = Promise.withResolvers<never>();
  denied.promise.catch(() => undefined);
  // Where there is none yet, the first one that comes is nobody's else.
  const isOurs = (job: Job): boolean => scope.paperclips === "all" || instance === null || isOf(job, instance);
  const watched = places.map((place) => {
    const seen = { jobs: new Map<string, Stored<Job>>(), pods: new Map<string, Stored<Pod>>() };
    for (const one of found.filter((each) => each.place === place)) {
      seen.jobs.set(one.job.metadata.uid, one.job);
      for (const pod of one.pods) seen.pods.set(pod.metadata.uid, pod);
    }
    const observer = place.lease.observer(place.namespace, RUNS_AND_PROBES);
    const stop = observer.observe(undefined, (change) => {
      const { uid } = change.object.metadata;
      const isGone = change.type === "DELETED" || change.type === "GONE";
      if (change.resource === "pods") {
        if (isGone) seen.pods.delete(uid);
        else seen.pods.set(uid, change.object);
      } else if (isGone || !isOurs(change.object)) seen.jobs.delete(uid);
      else seen.jobs.set(uid, change.object);
      next.resolve();
    });
    observer.denied(signal).then(denied.reject, () => undefined);
    // What was deleted between the look and the watch is never reported.
    observer.synced(signal).then(
      () => {
        const current = new Set<string>();
        observer.observe(undefined, ({ object }) => current.add(object.metadata.uid))();
        for (const map of [seen.jobs, seen.pods]) for (const uid of map.keys()) if (!current.has(uid)) map.delete(uid);
        next.resolve();
      },
      () => undefined,
    );
    return { place, seen, stop };
  });
  return {
    jobs: () => watched.flatMap(({ place, seen }) => joined(place, [...seen.jobs.values()], [...seen.pods.values()])),
    changed: async (withinMs) => {
      const done = new AbortController();
      const either = AbortSignal.any([signal, done.signal]);
      const [clock] = places.map(({ lease }) => lease.client.clock);
      const aborted = new Promise<never>((_, reject) => {
        either.addEventListener("abort", () => reject(either.reason), { once: true });
      });
      aborted.catch(() => undefined);
      const late = withinMs === undefined || !clock ? aborted : clock.sleep(withinMs, either);
      late.catch(() => undefined);
      try {
        signal.throwIfAborted();
        await Promise.race([next.promise, late, aborted, denied.promise]);
      } finally {
        done.abort();
        next = Promise.withResolvers();
      }
    },
    stop: () => {
      for (const { stop } of watched) stop();
    },
  };
}
