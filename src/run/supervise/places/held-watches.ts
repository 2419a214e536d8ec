/**
 * Keeps the watches of runs up in places where this Paperclip has Jobs, whichever server's: a look there costs no request
 * then. Where nothing of ours is, nothing is held.
 */
import type { ClusterLease } from "../../../kubernetes/cluster-registry.ts";
import type { Observer } from "../../../kubernetes/watch/observer.ts";
import { keyOf, type Place } from "./places.ts";

interface Held {
  readonly lease: ClusterLease;
  readonly observer: Observer;
  readonly leave: () => void;
}

/** Milliseconds for which nothing is held where it did not become a watch: without that right it is lists, more than ours. */
const REST_MS = 10 * 60_000;

/** Of one process, until the signal aborts. */
export class HeldWatches {
  readonly #held = new Map<string, Held>();
  readonly #rests = new Map<string, number>();
  readonly #signal: AbortSignal;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
    signal.addEventListener("abort", () => void this.keepOnly([]), { once: true });
  }

  /** Holds them from now on, or no longer. */
  async settle(place: Place, lease: ClusterLease, observer: Observer, isWanted: boolean): Promise<void> {
    const key = keyOf(place);
    const held = this.#held.get(key);
    const holds = isWanted && !this.#signal.aborted && this.#isOfUse(key, lease, observer);
    if (holds && held?.observer === observer) return;
    // A changed kubeconfig is another cluster.
    this.#held.delete(key);
    if (holds) this.#held.set(key, { lease: lease.again(), observer, leave: observer.hold() });
    if (held) await release(held);
  }

  /** The policy may name other places than before. */
  async keepOnly(places: readonly Place[]): Promise<void> {
    const named = new Set(places.map(keyOf));
    const rest = [...this.#held].filter(([key]) => !named.has(key));
    for (const [key] of rest) this.#held.delete(key);
    for (const key of this.#rests.keys()) if (!named.has(key)) this.#rests.delete(key);
    await Promise.all(rest.map(([, held]) => release(held)));
  }

  #isOfUse(key: string, { client }: ClusterLease, { denial, health }: Observer): boolean {
    const now = client.clock.now();
    const isPolled = health?.jobs.state === "polling" || health?.pods.state === "polling";
    if (denial || isPolled) this.#rests.set(key, now + REST_MS);
    return (this.#rests.get(key) ?? 0) <= now;
  }
}

async function release({ lease, leave }: Held): Promise<void> {
  leave();
  await lease.release();
}
