/** Finds out whether a queue has taken the run's pod back, and why, once that has ended. */
import type { KubernetesClient } from "../../../kubernetes/client.ts";
import { events, jobs } from "../../../kubernetes/resource-types.ts";
import { isStopped } from "../../shared/kueue.ts";
import type { JobInCluster } from "../../shared/launched-run.ts";
import type { ObservedRun } from "../observed-run.ts";
import { returnOf } from "./comes-back.ts";

/** A Job whose pod somebody deletes fails within 3.5 s (measured). */
const LOOKS = 16;
const LOOK_EVERY_MS = 500;
/** Kueue's Event comes about a second after it has suspended the Job (measured). */
const EVENT_LOOKS = 8;

/** Null: the run is over. `why`: the queue's own words, where they could be read. Rejects with the signal's reason only. */
export async function readReturn(
  client: KubernetesClient,
  job: JobInCluster,
  observed: ObservedRun,
  signal: AbortSignal,
): Promise<{ readonly why: string | null } | null> {
  for (let look = 0; returnOf(observed.evidence) === "unknown" && look < LOOKS; look++) {
    if (look > 0) await client.clock.sleep(LOOK_EVERY_MS, signal);
    await askForJob(client, job, observed, signal);
  }
  if (returnOf(observed.evidence) !== "yes") return null;
  const since = Date.parse(observed.evidence.pod?.deletionAskedAt ?? "") || 0;
  for (let look = 0; look < EVENT_LOOKS; look++) {
    const why = await readStopped(client, job, since, signal);
    if (why !== null) return { why };
    await client.clock.sleep(LOOK_EVERY_MS, signal);
  }
  return { why: null };
}

async function askForJob(
  client: KubernetesClient,
  { namespace, name, uid }: JobInCluster,
  observed: ObservedRun,
  signal: AbortSignal,
): Promise<void> {
  const found = await client.find(jobs, namespace, name, { signal, retryForMs: 0 }).catch(() => null);
  if (signal.aborted) throw signal.reason;
  const at = client.clock.now();
  if (found?.metadata.uid === uid) observed.add({ kind: "job", job: found, deleted: false, at });
  else if (found !== null) observed.add({ kind: "job-gone", at });
}

/** Milliseconds that two clocks of the cluster may differ, and its stamps are cut to seconds. */
const TOLERANCE_MS = 2_000;

async function readStopped(
  client: KubernetesClient,
  { namespace, uid }: JobInCluster,
  since: number,
  signal: AbortSignal,
): Promise<string | null> {
  const fieldSelector = `involvedObject.uid=${uid}`;
  const found = await client.list(events, namespace, { fieldSelector, signal, retryForMs: 0 }).catch(() => null);
  if (signal.aborted) throw signal.reason;
  const told = (found?.items ?? []).filter(isStopped).map(({ message = "", eventTime, series, metadata }) => ({
    message,
    at: Date.parse(series?.lastObservedTime ?? eventTime ?? metadata.creationTimestamp),
  }));
  const newest = told
    .filter(({ at }) => at >= since - TOLERANCE_MS)
    .toSorted((a, b) => a.at - b.at)
    .at(-1);
  return newest?.message ?? null;
}
