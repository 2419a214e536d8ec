/**
 * What there is of this Paperclip in a namespace: by the watches of the process while they are up, which costs no request;
 * else by lists. What those watches do not have (probes, Jobs of versions before 1.1) is listed, and seldom.
 */
import type { Job } from "kubernetes-types/batch/v1";
import type { Pod } from "kubernetes-types/core/v1";
import { ApiError } from "../../kubernetes/api-error.ts";
import type { ClusterLease } from "../../kubernetes/cluster-registry.ts";
import { jobs, type KubeObject, pods, type ResourceType, type Stored } from "../../kubernetes/resource-types.ts";
import { isOlder } from "../../kubernetes/resource-version.ts";
import type { Observer, Seen } from "../../kubernetes/watch/observer.ts";
import type { Installation } from "../../paperclip/installation.ts";
import { isProbe, withPods } from "../shared/job-state.ts";
import { madeBy, ofNoInstance, PROBES, RUNS, RUNS_AND_PROBES } from "../shared/names.ts";
import { earlierVersions, probes } from "./places/seldom.ts";

export interface WhereToFind {
  readonly lease: ClusterLease;
  readonly namespace: string;
  /** This Paperclip. */
  readonly installation: Installation;
  readonly signal: AbortSignal;
}

export interface Found {
  /** Also of probes, where they were looked for. */
  readonly jobs: readonly Stored<Job>[];
  /** Those that the watches of runs show, or would. */
  readonly watched: number;
  /** Probes were looked for. */
  readonly hasProbes: boolean;
  /** So were Jobs of versions before 1.1. */
  readonly hasEarlier: boolean;
  /** A Job of a run as it and its pods are known to be now; null: it is gone. */
  readonly now: (job: Stored<Job>) => Stored<Job> | null;
}

/** The watches that all runs there share. */
export const observerOfRuns = (lease: ClusterLease, namespace: string, { label }: Installation): Observer =>
  lease.observer(namespace, madeBy(RUNS, label));

/** Throws ApiError when they cannot be listed. */
export async function findJobs(where: WhereToFind): Promise<Found> {
  const { lease, namespace, installation } = where;
  const { seen } = observerOfRuns(lease, namespace, installation);
  const hasEarlier = earlierVersions.isDue(where);
  const hasProbes = seen === null || hasEarlier || probes.isDue(where);
  const labelled = seen
    ? [...seen.jobs(), ...(hasProbes ? await list(where, jobs, madeBy(PROBES, installation.label)) : [])]
    : await list(where, jobs, madeBy(RUNS_AND_PROBES, installation.label));
  const earlier = hasEarlier ? await list(where, jobs, ofNoInstance(RUNS_AND_PROBES)) : [];
  if (hasProbes) probes.note(where);
  if (hasEarlier) earlierVersions.note(where, earlier.length > 0);
  const runs = labelled.filter((job) => !isProbe(job));
  return {
    jobs: [...labelled, ...earlier],
    watched: runs.length,
    hasProbes,
    hasEarlier,
    now: await joinedWithPods(where, seen, runs, earlier),
  };
}

/** By the watch as soon as it is up, also in a round that has begun with lists. */
async function joinedWithPods(
  where: WhereToFind,
  seen: Seen | null,
  runs: readonly Stored<Job>[],
  earlier: readonly Stored<Job>[],
): Promise<Found["now"]> {
  const { lease, namespace, installation } = where;
  const { clock } = lease.client;
  const observer = observerOfRuns(lease, namespace, installation);
  const listed = seen ? earlier : [...runs, ...earlier];
  const pods = listed.length > 0 ? await listPods(where, seen, earlier) : [];
  const shown = new Map(withPods(listed, pods, clock.now()).map((job) => [job.metadata.uid, job]));
  return ({ metadata: { uid } }) => {
    const latest = observer.seen ?? seen;
    const [job, before = null] = [latest?.job(uid), shown.get(uid)];
    if (!latest || !job || isOlder(job, before)) return before;
    return withPods([job], latest.podsOf(uid), clock.now())[0] ?? null;
  };
}

async function list<T extends KubeObject>(
  { lease, namespace, signal }: WhereToFind,
  type: ResourceType<T>,
  labelSelector: string,
): Promise<readonly Stored<T>[]> {
  return (await lease.client.list(type, namespace, { labelSelector, signal })).items;
}

/** None without the right to list them: then a Job's conditions must do. */
async function listPods(
  where: WhereToFind,
  seen: Seen | null,
  earlier: readonly Job[] | null,
): Promise<readonly Pod[]> {
  try {
    const own = seen ? [] : await list(where, pods, madeBy(RUNS, where.installation.label));
    return earlier?.length ? [...own, ...(await list(where, pods, ofNoInstance(RUNS)))] : own;
  } catch (error) {
    if (error instanceof ApiError && error.forbidden) return [];
    throw error;
  }
}
