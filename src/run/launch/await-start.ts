/**
 * Waits until the agent's container runs. Waiting is not failing: an autoscaler needs minutes, a registry has hiccups.
 * Only what time cannot mend, or what passed its limit, is given up.
 */
import type { KubernetesClient } from "../../kubernetes/client.ts";
import { events } from "../../kubernetes/resource-types.ts";
import { hasEnded } from "../observe/end-of-run.ts";
import type { LaunchedJob } from "../shared/launched-run.ts";
import type { LookForPod } from "../observe/find-pod.ts";
import { CONTAINER } from "../shared/names.ts";
import type { RunRecord } from "../observe/observed-run.ts";
import { describeWaiting, type Patience, type Waiting } from "../observe/waiting/waiting.ts";

export interface StartLimits {
  /** Seconds a pod may take to start while only time can help (a node, a slow pull, a quota). */
  readonly podStartTimeoutSec: number;
}

/** Seconds that a state must last before it is given up: the cluster itself tries images and mounts again. */
const RETRY_LIMIT_SEC = 60;
const FATAL_AFTER_SEC = 5;
/** Milliseconds between looks at the clock and at the cluster's Events while the pod does not run. */
const LOOK_EVERY_MS = 5_000;

/** Resolves when the container runs, the run is over, or waiting was given up (an act in the record). */
export async function awaitStart(
  client: KubernetesClient,
  job: LaunchedJob,
  record: RunRecord,
  limits: StartLimits,
  look: LookForPod,
  signal: AbortSignal,
): Promise<void> {
  const began = client.clock.now();
  let since = { state: "", at: began };
  while (!hasEnded(record.evidence)) {
    const waiting = describeWaiting({ pod: record.pod, job: record.job, events: record.events, container: CONTAINER });
    const now = client.clock.now();
    if (waiting.state === "ready") return;
    if (waiting.state !== since.state) since = { state: waiting.state, at: now };
    const limit = limitOf(waiting.patience, limits);
    const waitedSec = (now - (waiting.patience === "forever-until-limit" ? began : since.at)) / 1000;
    if (waitedSec >= limit) {
      const { pod } = record;
      if (await isUpToDate(client, look, record, signal)) {
        record.add({ kind: "act", act: { kind: "gave-up", waiting, waitedSec: Math.round(waitedSec), at: now } });
        return;
      }
      if (record.pod !== pod) continue;
    }
    await changeOrLook(client, job, record, signal);
  }
}

function limitOf(patience: Waiting["patience"], limits: StartLimits): number {
  const seconds: Record<Patience, number> = {
    fatal: FATAL_AFTER_SEC,
    "retry-limit": Math.min(RETRY_LIMIT_SEC, limits.podStartTimeoutSec),
    "forever-until-limit": limits.podStartTimeoutSec,
  };
  return seconds[patience];
}

/**
 * True when the cluster shows now what we waited for: the watch may be cut off, and the pod have started meanwhile. What
 * is newer goes into the record.
 */
async function isUpToDate(
  client: KubernetesClient,
  look: LookForPod,
  record: RunRecord,
  signal: AbortSignal,
): Promise<boolean> {
  const waitedFor = record.pod;
  const seen = await look(signal);
  // The watch may have caught up meanwhile: what we waited for is not what the record says now.
  if (record.pod !== waitedFor) return false;
  if (seen.kind !== "seen") return seen.kind === "as-told";
  const { pod } = seen;
  if (pod?.metadata.resourceVersion === waitedFor?.metadata?.resourceVersion) return true;
  if (pod) record.add({ kind: "pod", pod, deleted: false, at: client.clock.now() });
  return false;
}

/** Until something changed; or, when nothing does for a while, until the cluster's Events were read. */
async function changeOrLook(
  client: KubernetesClient,
  job: LaunchedJob,
  record: RunRecord,
  signal: AbortSignal,
): Promise<void> {
  const over = new AbortController();
  const either = AbortSignal.any([signal, over.signal]);
  const change = record.changed(either).then(() => "changed" as const);
  const look = client.clock.sleep(LOOK_EVERY_MS, either).then(() => "look" as const);
  try {
    if ((await Promise.race([change, look])) === "look") await readEvents(client, job, record, signal);
  } finally {
    over.abort();
    await Promise.allSettled([change, look]);
  }
}

/** Events are how the cluster explains itself; without the right to read them the pod's status must do. */
async function readEvents(
  client: KubernetesClient,
  job: LaunchedJob,
  record: RunRecord,
  signal: AbortSignal,
): Promise<void> {
  for (const uid of [job.uid, record.pod?.metadata?.uid]) {
    if (!uid) continue;
    const found = await client
      .list(events, job.namespace, { fieldSelector: `involvedObject.uid=${uid}`, signal, retryForMs: 0 })
      .catch(() => null);
    if (signal.aborted) throw signal.reason;
    for (const event of found?.items ?? [])
      if (!record.events.some(({ metadata }) => metadata?.resourceVersion === event.metadata.resourceVersion))
        record.add({ kind: "event", event });
  }
}
