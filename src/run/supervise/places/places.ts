/** Where this Paperclip may have Jobs: a cluster cannot tell which other clusters and namespaces there are. */
import type { ClusterOptions } from "../../../kubernetes/cluster.ts";

export interface Place {
  readonly cluster: ClusterOptions;
  /** Null: that of the cluster's own context. */
  readonly namespace: string | null;
}

/** The newest ones that are remembered. */
const MAX_PLACES = 50;

/** The places in which runs of this process have created Jobs; in memory only. */
export class PlacesOfRuns {
  readonly #places = new Map<string, Place>();

  /** The newest first. */
  get all(): readonly Place[] {
    return [...this.#places.values()].reverse();
  }

  add(place: Place): void {
    const key = keyOf(place);
    this.#places.delete(key);
    this.#places.set(key, place);
    const [oldest] = this.#places.keys();
    if (this.#places.size > MAX_PLACES && oldest !== undefined) this.#places.delete(oldest);
  }
}

/** Each place once. */
export function distinct(places: readonly Place[]): readonly Place[] {
  return [...new Map(places.map((place) => [keyOf(place), place])).values()];
}

export const keyOf = ({ cluster, namespace }: Place): string =>
  JSON.stringify([cluster.kubeconfig ?? null, cluster.context ?? null, namespace]);
