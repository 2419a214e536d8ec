/** Why Jobs wait: the cluster's Events, and the word of the queue that has them. */
import type { Event } from "kubernetes-types/core/v1";
import type { KubernetesClient } from "../../kubernetes/client.ts";
import { readEvents } from "../../run/launch/launch.ts";
import {
  createObservedRun,
  describeWaiting,
  type Evidence,
  type ObservedRun,
  queueReader,
  type ReadQueue,
} from "../../run/observe/observe.ts";
import { stateOf } from "../../run/shared/job-state.ts";
import { type JobInCluster, jobInCluster } from "../../run/shared/launched-run.ts";
import { CONTAINER } from "../../run/shared/names.ts";
import type { FoundJob } from "../look/snapshot.ts";

export interface Waited {
  /** None without the right to list them. */
  readonly events: readonly Event[];
  /** Null: no queue has the Job. */
  readonly queue: Evidence["queue"];
}

export const NOTHING_READ: Waited = { events: [], queue: null };

/** Of a Job that waits for nothing it is `NOTHING_READ`, without a request. Rejects with the signal's reason only. */
export type ReadWaiting = (found: FoundJob) => Promise<Waited>;

/** Waiting Jobs that are read: each costs some requests. */
const MOST = 50;
/** Milliseconds for which an unchanged Job is not read again: as often as the adapter itself looks. */
const FRESH_MS = { events: 5_000, queue: 10_000 };

export function waitingReader(signal: AbortSignal): ReadWaiting {
  const readers = new Map<KubernetesClient, ReadQueue>();
  const read = new Map<string, { readonly of: string; readonly until: number; readonly waited: Promise<Waited> }>();
  return (found) => {
    const { client } = found.place.lease;
    const { uid } = found.job.metadata;
    const wait = waitOf(found);
    if (wait === null) {
      read.delete(uid);
      return Promise.resolve(NOTHING_READ);
    }
    const of = [found.job, ...found.pods].map(({ metadata }) => metadata.resourceVersion).join();
    const known = read.get(uid);
    if (known?.of === of && known.until > client.clock.now()) return known.waited;
    if (!known && !hasRoom(read, client.clock.now())) return Promise.resolve(NOTHING_READ);
    const readQueue = readers.get(client) ?? queueReader(client);
    readers.set(client, readQueue);
    const waited = readOne(found, wait, readQueue, signal);
    read.set(uid, { of, until: client.clock.now() + FRESH_MS[wait], waited });
    return waited;
  };
}

/** Those that are not asked for any more make room. */
function hasRoom(read: Map<string, { readonly until: number }>, now: number): boolean {
  if (read.size < MOST) return true;
  for (const [uid, { until }] of read) if (until + FRESH_MS.queue < now) read.delete(uid);
  return read.size < MOST;
}

/** What is known of a run that is observed, with why it waits. Rejects with the signal's reason only. */
export async function readWait(
  client: KubernetesClient,
  job: JobInCluster,
  observed: ObservedRun,
  signal: AbortSignal,
): Promise<void> {
  if (isQueued(observed)) await queueReader(client)(job, observed, signal);
  else await readEvents(client, job, observed, signal);
}

const isQueued = ({ pod, job }: Pick<ObservedRun, "pod" | "job">): boolean =>
  describeWaiting({ pod, job, events: [], container: CONTAINER }).state === "queued";

function waitOf({ job, pods }: FoundJob): keyof typeof FRESH_MS | null {
  if (stateOf(job) !== "started") return null;
  const { state } = describeWaiting({ pod: pods[0] ?? null, job, events: [], container: CONTAINER });
  return state === "ready" ? null : state === "queued" ? "queue" : "events";
}

async function readOne(
  found: FoundJob,
  wait: keyof typeof FRESH_MS,
  readQueue: ReadQueue,
  signal: AbortSignal,
): Promise<Waited> {
  const { client } = found.place.lease;
  const job = jobInCluster(found.job);
  const observed = createObservedRun(UNKNOWN_FACTS);
  const at = client.clock.now();
  observed.add({ kind: "job", job: found.job, deleted: false, at });
  const [pod] = found.pods;
  if (pod) observed.add({ kind: "pod", pod, deleted: false, at });
  if (wait === "queue") await readQueue(job, observed, signal);
  else await readEvents(client, job, observed, signal);
  return { events: observed.events, queue: observed.evidence.queue };
}

/** What a Job that says nothing of its run is taken for. */
export const UNKNOWN_FACTS = {
  container: CONTAINER,
  model: null,
  resumedSessionId: null,
  sessionPersists: false,
  timeoutSec: 0,
};
