/** What is left of a clean-up when the run's result is out: it goes on for as long as the process lives. */
import type { KubernetesClient } from "../../kubernetes/client.ts";
import type { ClusterLease } from "../../kubernetes/cluster-registry.ts";
import { fullJitter } from "../../kubernetes/http/backoff.ts";
import type { CleanUpStep } from "./clean-up.ts";

/** A share of the run's cluster that outlives the run's own. */
export type AcquireLease = () => Promise<ClusterLease>;

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 60_000;

/** False: it cannot be gone on with, for the cluster cannot be opened again. Never rejects. */
export async function finishInBackground(acquire: AcquireLease, step: CleanUpStep): Promise<boolean> {
  try {
    const lease = await acquire();
    void untilDone(lease.client, step)
      .catch(() => "left to the supervisor")
      .then(() => lease.release());
    return true;
  } catch {
    return false;
  }
}

/** Repeats until it is done. Does not keep the process alive: what is left then, the supervisor or the Job's TTL removes. */
export async function untilDone(client: KubernetesClient, step: CleanUpStep): Promise<void> {
  const { clock, random } = client;
  for (let failures = 0; ; failures++) {
    const pauseMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** failures);
    await clock.sleep(pauseMs + fullJitter(failures, random), undefined, { keepsAlive: false });
    if ((await step(client)) === null) return;
  }
}
