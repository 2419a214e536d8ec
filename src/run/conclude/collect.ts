/**
 * Removes a run's objects once Paperclip's server has the outcome on record. Until then the Job is the only proof of it: a
 * server that is killed between our answer and its own write would else have the task done a second time.
 */
import type { ClusterLease } from "../../kubernetes/cluster-registry.ts";
import type { ReadRunStatus } from "../../paperclip/run-status.ts";
import { removeTranscriptCopy } from "../plan/plan.ts";
import type { JobInCluster } from "../shared/launched-run.ts";
import { type AcquireLease, untilDone } from "./background.ts";
import { removal } from "./clean-up.ts";

export interface Collection {
  /** True in a server, which writes the outcome down and looks after what is left. */
  readonly inServer: boolean;
  readonly runId: string;
  readonly readStatus: ReadRunStatus;
  readonly acquire: AcquireLease;
}

/** Between looks at the record, milliseconds; what is not on record after the last is left to the supervisor. */
const LOOK_AFTER_MS = [250, 500, 1000, 2000, 4000, 8000, 16_000, 32_000];

/**
 * False: nobody could tell when the outcome is on record, for there is no server or its record cannot be read; then it is
 * removed at once. Never rejects.
 */
export async function collectWhenRecorded(collection: Collection, job: JobInCluster): Promise<boolean> {
  if (!collection.inServer) return false;
  const { kind } = await collection.readStatus(collection.runId);
  if (kind !== "alive" && kind !== "over") return false;
  try {
    const lease = await collection.acquire();
    void collect(collection, lease, job)
      .catch(() => "left to the supervisor")
      .then(() => lease.release());
    return true;
  } catch {
    return false;
  }
}

async function collect(collection: Collection, { client }: ClusterLease, job: JobInCluster): Promise<void> {
  const { runId, readStatus } = collection;
  for (const wait of LOOK_AFTER_MS) {
    await client.clock.sleep(wait);
    const status = await readStatus(runId);
    if (status.kind !== "over") continue;
    if (status.reported?.job !== job.uid) return;
    const remove = removal(job);
    if ((await remove(client)) !== null) await untilDone(client, remove);
    return removeTranscriptCopy(job.object, client.clock);
  }
}
