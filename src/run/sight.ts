/**
 * Whether the cluster lets us look at the run. An agent whose end nobody could see is not started; one that cannot be
 * seen any more is left alone, for whoever may look again.
 */
import type { ApiError } from "../kubernetes/api-error.ts";
import type { KubernetesClient } from "../kubernetes/client.ts";
import type { Observer } from "../kubernetes/observer.ts";
import type { Host } from "../paperclip/host.ts";
import { faultOf } from "./api-advice.ts";
import type { Fault } from "./evidence.ts";
import { RunFault } from "./run-fault.ts";

/** Milliseconds that rights may be missing in the middle of a run: somebody may be replacing a Role or its binding. */
const BLIND_FOR_MS = 60_000;

/** Resolves when everything is in sight. Throws RunFault when the cluster does not let us look, or the signal's reason. */
export async function inSight(client: KubernetesClient, observer: Observer, signal: AbortSignal): Promise<void> {
  const over = new AbortController();
  const either = AbortSignal.any([signal, over.signal]);
  try {
    const denial = await Promise.race([observer.denied(either), observer.synced(either)]);
    if (denial) throw new RunFault(faultFrom(client, denial, "Nobody could see how this run ends"), denial);
  } finally {
    over.abort();
  }
}

/** Resolves, once the cluster has not let us look for too long, with what is to be said of it. Rejects with the signal's reason. */
export async function outOfSight(
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
      message: `The run cannot be seen at the moment: ${message}. Its Job goes on.`,
    });
    await client.clock.sleep(BLIND_FOR_MS, signal);
    const { denial } = observer;
    if (denial) return faultFrom(client, denial, `The run could not be seen for ${BLIND_FOR_MS / 1000} s`);
  }
}

function faultFrom(client: KubernetesClient, denial: ApiError, doing: string): Fault {
  return faultOf(denial, { code: "k8s_observation_lost", doing, at: client.clock.now() });
}
