/**
 * Waits until the agent's container runs. Waiting is not a failure: an autoscaler needs minutes, a registry may be down for a
 * moment. Only a cause that cannot heal, or that has passed its limit, ends the wait.
 */
import { ApiError } from "../../kubernetes/api-error.ts";
import type { KubernetesClient } from "../../kubernetes/client.ts";
import { events } from "../../kubernetes/resource-types.ts";
import {
  describeWaiting,
  type FindPod,
  hasEnded,
  type ObservedRun,
  queueReader,
  type Waiting,
} from "../observe/observe.ts";
import { adviceFor } from "../shared/api-advice.ts";
import { firstOf } from "../shared/first-of.ts";
import type { JobInCluster } from "../shared/launched-run.ts";
import { CONTAINER } from "../shared/names.ts";
import type { KeepBundles } from "./bundles/keep-bundles.ts";
import { PatienceClock, type StartLimits } from "./patience.ts";

/** Milliseconds between looks at the clock and at the cluster's Events while the pod does not run. */
const READ_EVERY_MS = 5_000;
/** The same of a queue, which may take hours: soon after the Job has come, then more and more rarely. */
const READ_QUEUE_AFTER_MS = [500, 2_000, 5_000, 10_000];
const READ_QUEUE_EVERY_MS = 30_000;

/**
 * Resolves when the container runs, the run is over, or waiting was given up (an act in the record).
 *
 * @param keep is told again and again what is waited for
 */
export async function awaitStart(
  client: KubernetesClient,
  job: JobInCluster,
  observed: ObservedRun,
  limits: StartLimits,
  findPod: FindPod,
  signal: AbortSignal,
  keep: KeepBundles = () => undefined,
): Promise<void> {
  const patience = new PatienceClock(client.clock.now(), limits);
  const readQueue = queueReader(client);
  let readings = 0;
  let unseen: ApiError | null = null;
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
    if (patience.isOver(waiting, now)) {
      const { pod } = observed;
      if (await isUpToDate(client, findPod, observed, signal)) {
        const waitedSec = (now - patience.began) / 1000;
        const told = unseen ? withoutEvents(waiting, unseen) : waiting;
        observed.add({
          kind: "act",
          act: { kind: "gave-up", waiting: told, waitedSec: Math.round(waitedSec), at: now },
        });
        return;
      }
      if (observed.pod !== pod) continue;
    }
    const isQueued = waiting.state === "queued";
    if (!isQueued) readings = 0;
    const everyMs = isQueued ? (READ_QUEUE_AFTER_MS[readings] ?? READ_QUEUE_EVERY_MS) : READ_EVERY_MS;
    if (!(await changeOrTime(client, observed, everyMs, signal))) continue;
    readings += 1;
    if (isQueued) await readQueue(job, observed, signal);
    else unseen = await readEvents(client, job, observed, signal);
    keep(waiting, signal);
  }
}

/** Events that may not be read are not events that there are not. */
function withoutEvents(waiting: Waiting, error: ApiError): Waiting {
  if (waiting.message !== "") return waiting;
  return { ...waiting, message: `why cannot be seen: ${error.message}`, fix: adviceFor(error) };
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
  return firstOf(signal, [
    (stop) => observed.changed(stop).then(() => false),
    (stop) => clock.sleep(ms, stop).then(() => true),
  ]);
}

/** Events carry the cluster's reasons. Resolves with its refusal where they may not be read. */
export async function readEvents(
  client: KubernetesClient,
  job: JobInCluster,
  observed: ObservedRun,
  signal: AbortSignal,
): Promise<ApiError | null> {
  let refused: ApiError | null = null;
  for (const uid of [job.uid, observed.pod?.metadata?.uid]) {
    if (!uid) continue;
    const found = await client
      .list(events, job.namespace, { fieldSelector: `involvedObject.uid=${uid}`, signal, retryForMs: 0 })
      .catch((error: unknown) => {
        if (error instanceof ApiError && error.forbidden) refused = error;
        return null;
      });
    if (signal.aborted) throw signal.reason;
    for (const event of found?.items ?? [])
      if (!observed.events.some(({ metadata }) => metadata?.resourceVersion === event.metadata.resourceVersion))
        observed.add({ kind: "event", event });
  }
  return refused;
}
