/**
 * Waits until the agent's container runs. Waiting is not a failure: an autoscaler needs minutes, a registry may be down for a
 * moment. Only a cause that cannot heal, or that has passed its limit, ends the wait.
 */
import type { KubernetesClient } from "../../kubernetes/client.ts";
import { events } from "../../kubernetes/resource-types.ts";
import {
  describeWaiting,
  type FindPod,
  hasEnded,
  type ObservedRun,
  type Patience,
  queueReader,
  type Waiting,
} from "../observe/observe.ts";
import type { JobInCluster } from "../shared/launched-run.ts";
import { CONTAINER } from "../shared/names.ts";

export interface StartLimits {
  /** Seconds in a queue, each time anew; 0 = no limit. */
  readonly queueTimeoutSec: number;
  /** Seconds a pod may take to start, once no queue has it, while it may still do so: a node, a volume, a slow pull, a quota. */
  readonly podStartTimeoutSec: number;
}

/**
 * Seconds that an object may be missing which the pod needs. An operator may be about to create it, and the kubelet asks
 * again with a back-off of up to two minutes.
 */
const MISSING_OBJECT_SEC = 120;
/** Seconds that what cannot heal must last: a watch may show a state that is over. */
const FATAL_AFTER_SEC = 5;
/** Milliseconds between looks at the clock and at the cluster's Events while the pod does not run. */
const READ_EVERY_MS = 5_000;
/** The same of a queue, which may take hours: soon after the Job has come, then more and more rarely. */
const READ_QUEUE_AFTER_MS = [500, 2_000, 5_000, 10_000];
const READ_QUEUE_EVERY_MS = 30_000;

/** Resolves when the container runs, the run is over, or waiting was given up (an act in the record). */
export async function awaitStart(
  client: KubernetesClient,
  job: JobInCluster,
  observed: ObservedRun,
  limits: StartLimits,
  findPod: FindPod,
  signal: AbortSignal,
): Promise<void> {
  const patience = new Waited(client.clock.now());
  const readQueue = queueReader(client, job, observed);
  let readings = 0;
  while (!hasEnded(observed.evidence)) {
    const waiting = describeWaiting({
      pod: observed.pod,
      job: observed.job,
      events: observed.events,
      container: CONTAINER,
      queue: observed.evidence.queue,
    });
    const now = client.clock.now();
    if (waiting.state === "ready") return;
    const waitedSec = patience.since(waiting, now) / 1000;
    const isQueued = waiting.state === "queued";
    if (waitedSec >= limitOf(waiting.patience, limits)) {
      const { pod } = observed;
      if (await isUpToDate(client, findPod, observed, signal)) {
        observed.add({ kind: "act", act: { kind: "gave-up", waiting, waitedSec: Math.round(waitedSec), at: now } });
        return;
      }
      if (observed.pod !== pod) continue;
    }
    if (!isQueued) readings = 0;
    const everyMs = isQueued ? (READ_QUEUE_AFTER_MS[readings] ?? READ_QUEUE_EVERY_MS) : READ_EVERY_MS;
    if (!(await changeOrTime(client, observed, everyMs, signal))) continue;
    readings += 1;
    await (isQueued ? readQueue(signal) : readEvents(client, job, observed, signal));
  }
}

/** How long a cause has lasted, in milliseconds. */
class Waited {
  /** When the queue, or nobody, began to have the Job. */
  #began: number;
  #queuedAt: number | null = null;
  #since = { cause: "", at: 0 };

  constructor(began: number) {
    this.#began = began;
  }

  since({ state, patience }: Waiting, now: number): number {
    const cause = state === "queued" ? `${state} ${patience}` : state;
    if (cause !== this.#since.cause) this.#since = { cause, at: now };
    // The pod's own time begins when its queue has let it go.
    if (state === "queued") this.#began = now;
    this.#queuedAt = state === "queued" ? (this.#queuedAt ?? now) : null;
    const from: Readonly<Record<Patience, number>> = {
      ...{ fatal: this.#since.at, "missing-object": this.#since.at },
      ...{ time: this.#began, retried: this.#began, queue: this.#queuedAt ?? now },
    };
    return now - from[patience];
  }
}

function limitOf(patience: Waiting["patience"], limits: StartLimits): number {
  const seconds: Record<Patience, number> = {
    fatal: FATAL_AFTER_SEC,
    "missing-object": Math.min(MISSING_OBJECT_SEC, limits.podStartTimeoutSec),
    retried: limits.podStartTimeoutSec,
    time: limits.podStartTimeoutSec,
    queue: limits.queueTimeoutSec || Number.POSITIVE_INFINITY,
  };
  return seconds[patience];
}

/**
 * True when the pod's state in the cluster is the one that was judged: the watch may be interrupted, and the pod may have
 * started since. A newer state is added to the evidence.
 */
async function isUpToDate(
  client: KubernetesClient,
  findPod: FindPod,
  observed: ObservedRun,
  signal: AbortSignal,
): Promise<boolean> {
  const waitedFor = observed.pod;
  const seen = await findPod(signal);
  // The watch has caught up since: the state that was judged is no longer current.
  if (observed.pod !== waitedFor) return false;
  if (seen.kind !== "found") return seen.kind === "watched";
  const { pod } = seen;
  if (pod?.metadata.resourceVersion === waitedFor?.metadata?.resourceVersion) return true;
  if (pod) observed.add({ kind: "pod", pod, deleted: false, at: client.clock.now() });
  return false;
}

/** Until something changed; or for so long: then it is true. */
async function changeOrTime(
  { clock }: KubernetesClient,
  observed: ObservedRun,
  ms: number,
  signal: AbortSignal,
): Promise<boolean> {
  const done = new AbortController();
  const either = AbortSignal.any([signal, done.signal]);
  const change = observed.changed(either).then(() => "changed" as const);
  const due = clock.sleep(ms, either).then(() => "due" as const);
  try {
    return (await Promise.race([change, due])) === "due";
  } finally {
    done.abort();
    await Promise.allSettled([change, due]);
  }
}

/** Events carry the cluster's reasons; without the right to read them, the pod's status has to suffice. */
async function readEvents(
  client: KubernetesClient,
  job: JobInCluster,
  observed: ObservedRun,
  signal: AbortSignal,
): Promise<void> {
  for (const uid of [job.uid, observed.pod?.metadata?.uid]) {
    if (!uid) continue;
    const found = await client
      .list(events, job.namespace, { fieldSelector: `involvedObject.uid=${uid}`, signal, retryForMs: 0 })
      .catch(() => null);
    if (signal.aborted) throw signal.reason;
    for (const event of found?.items ?? [])
      if (!observed.events.some(({ metadata }) => metadata?.resourceVersion === event.metadata.resourceVersion))
        observed.add({ kind: "event", event });
  }
}
