/**
 * Whether the adapter may observe the run. An agent whose end could not be observed is not started; one that may not be
 * observed any more is left alone, to be adopted later.
 */
import type { KubernetesClient } from "../../kubernetes/client.ts";
import type { Observer } from "../../kubernetes/watch/observer.ts";
import type { Host } from "../../paperclip/host.ts";
import { faultOf } from "../shared/api-advice.ts";
import { firstOf } from "../shared/first-of.ts";
import { type Fault, RunFault } from "../shared/run-fault.ts";

/** Milliseconds that rights may be missing in the middle of a run: somebody may be replacing a Role or its binding. */
const DENIED_FOR_MS = 60_000;

/** Milliseconds that the watches get to sync, before there is a Job. */
const SYNC_WITHIN_MS = 180_000;

/** Resolves when the watches have synced. Throws RunFault when the cluster denies them, or the signal's reason. */
export async function requireVisibility(
  client: KubernetesClient,
  observer: Observer,
  signal: AbortSignal,
): Promise<void> {
  const late = async (stop: AbortSignal): Promise<Error> => {
    await client.clock.sleep(SYNC_WITHIN_MS, stop);
    const { jobs, pods } = observer.health ?? {};
    return pods?.error ?? jobs?.error ?? new Error("the cluster does not show its Jobs and pods");
  };
  const error = await firstOf<Error | undefined>(signal, [
    (stop) => observer.denied(stop),
    (stop) => observer.synced(stop).then(() => undefined),
    late,
  ]);
  if (!error) return;
  throw new RunFault(faultFrom(client, error, "The run is not started, because its end could not be observed"), error);
}

/** Resolves with the fault once the cluster has denied the watches for too long. Rejects with the signal's reason. */
export async function untilVisibilityLost(
  client: KubernetesClient,
  observer: Observer,
  host: Host,
  signal: AbortSignal,
): Promise<Fault> {
  for (;;) {
    const { message } = await observer.denied(signal);
    await host.notice({
      type: "k8s.observation.denied",
      level: "warn",
      message: `The run cannot be observed at the moment: ${message}. Its Job keeps running.`,
    });
    await client.clock.sleep(DENIED_FOR_MS, signal);
    const { denial } = observer;
    if (denial) return faultFrom(client, denial, `The run could not be observed for ${DENIED_FOR_MS / 1000} s`);
  }
}

function faultFrom(client: KubernetesClient, error: Error, doing: string): Fault {
  return faultOf(error, { code: "k8s_observation_lost", doing, at: client.clock.now() });
}
