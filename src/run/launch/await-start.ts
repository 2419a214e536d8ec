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
  type Waiting,
} from "../observe/observe.ts";
import type { JobInCluster } from "../shared/launched-run.ts";
import { CONTAINER } from "../shared/names.ts";

export interface StartLimits {
  /** Seconds a pod may take to start while it may still do so: a node, a volume, a slow pull, a quota. */
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

/** Resolves when the container runs, the run is over, or waiting was given up (an act in the record). */
export async function awaitStart(
  client: KubernetesClient,
  job: JobInCluster,
  observed: ObservedRun,
  limits: StartLimits,
  findPod: FindPod,
  signal: AbortSignal,
): Promise<void> {
  const began = client.clock.now();
  let since = { state: "", at: began };
  while (!hasEnded(observed.evidence)) {
    const waiting = describeWaiting({
      pod: observed.pod,
      job: observed.job,
      events: observed.events,
      container: CONTAINER,
    });
    const now = client.clock.now();
    if (waiting.state === "ready") return;
    if (waiting.state !== since.state) since = { state: waiting.state, at: now };
    const limit = limitOf(waiting.patience, limits);
    const whole = waiting.patience === "time" || waiting.patience === "retried";
    const waitedSec = (now - (whole ? began : since.at)) / 1000;
    if (waitedSec >= limit) {
      const { pod } = observed;
      if (await isUpToDate(client, findPod, observed, signal)) {
        observed.add({ kind: "act", act: { kind: "gave-up", waiting, waitedSec: Math.round(waitedSec), at: now } });
        return;
      }
      if (observed.pod !== pod) continue;
    }
    await changeOrEvents(client, job, observed, signal);
  }
}

function limitOf(patience: Waiting["patience"], limits: StartLimits): number {
  const seconds: Record<Patience, number> = {
    fatal: FATAL_AFTER_SEC,
    "missing-object": Math.min(MISSING_OBJECT_SEC, limits.podStartTimeoutSec),
    retried: limits.podStartTimeoutSec,
    time: limits.podStartTimeoutSec,
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

/** Until something changed; or, when nothing does for a while, until the cluster's Events were read. */
async function changeOrEvents(
  client: KubernetesClient,
  job: JobInCluster,
  observed: ObservedRun,
  signal: AbortSignal,
): Promise<void> {
  const done = new AbortController();
  const either = AbortSignal.any([signal, done.signal]);
  const change = observed.changed(either).then(() => "changed" as const);
  const due = client.clock.sleep(READ_EVERY_MS, either).then(() => "due" as const);
  try {
    if ((await Promise.race([change, due])) === "due") await readEvents(client, job, observed, signal);
  } finally {
    done.abort();
    await Promise.allSettled([change, due]);
  }
}

/** Events carry the cluster's reasons; without the right to read them, the pod's status has to suffice. */
export async function readEvents(
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
