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
  type Patience,
  type Waiting,
} from "../observe/observe.ts";
import { adviceFor } from "../shared/api-advice.ts";
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
  const patience = new PatienceClock(client.clock.now(), limits);
  let unseen: ApiError | null = null;
  while (!hasEnded(observed.evidence)) {
    const waiting = describeWaiting({
      pod: observed.pod,
      job: observed.job,
      events: observed.events,
      container: CONTAINER,
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
    const read = await changeOrEvents(client, job, observed, signal);
    if (read !== "unchanged") unseen = read;
  }
}

/** Events that may not be read are not events that there are not. */
function withoutEvents(waiting: Waiting, error: ApiError): Waiting {
  if (waiting.message !== "") return waiting;
  return { ...waiting, message: `why cannot be seen: ${error.message}`, fix: adviceFor(error) };
}

/** How long has been waited, in all and for what cannot heal by itself. */
class PatienceClock {
  /** Milliseconds since 1970. */
  readonly began: number;
  readonly #limits: StartLimits;
  #state = "";
  /** When the state first had trouble of that kind: a node names what is missing in turn with what follows from it. */
  #firstSeen = new Map<Patience, number>();

  constructor(began: number, limits: StartLimits) {
    this.began = began;
    this.#limits = limits;
  }

  isOver({ state, patience }: Waiting, now: number): boolean {
    if (state !== this.#state) this.#firstSeen.clear();
    this.#state = state;
    const since = this.#firstSeen.get(patience) ?? now;
    this.#firstSeen.set(patience, since);
    const { podStartTimeoutSec } = this.#limits;
    if (patience === "fatal") return now - since >= FATAL_AFTER_SEC * 1000;
    if (patience === "missing-object" && now - since >= MISSING_OBJECT_SEC * 1000) return true;
    return now - this.began >= podStartTimeoutSec * 1000;
  }
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

/**
 * Until something changed; or, when nothing does for a while, until the cluster's Events were read. `unchanged`: what is known
 * of the right to read them.
 */
async function changeOrEvents(
  client: KubernetesClient,
  job: JobInCluster,
  observed: ObservedRun,
  signal: AbortSignal,
): Promise<ApiError | null | "unchanged"> {
  const done = new AbortController();
  const either = AbortSignal.any([signal, done.signal]);
  const change = observed.changed(either).then(() => "changed" as const);
  const due = client.clock.sleep(READ_EVERY_MS, either).then(() => "due" as const);
  try {
    if ((await Promise.race([change, due])) === "changed") return "unchanged";
    return await readEvents(client, job, observed, signal);
  } finally {
    done.abort();
    await Promise.allSettled([change, due]);
  }
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
