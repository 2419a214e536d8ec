/** Until when bundles are there, as far as this process knows: a run that needs one then asks the cluster nothing. */
import type { Cluster } from "../../../kubernetes/cluster.ts";

/** Per cluster, by NAMESPACE/NAME: milliseconds since 1970. */
const known = new WeakMap<Cluster, Map<string, number>>();
/** The newest ones; the oldest is forgotten first. */
const MAX_KNOWN = 5_000;

/** 0: nothing is known. */
export const knownUntil = (cluster: Cluster, key: string): number => known.get(cluster)?.get(key) ?? 0;

export function remember(cluster: Cluster, key: string, until: number): void {
  const of = known.get(cluster) ?? new Map<string, number>();
  known.set(cluster, of);
  of.delete(key);
  const [oldest] = of.keys();
  if (of.size >= MAX_KNOWN && oldest !== undefined) of.delete(oldest);
  of.set(key, until);
}

export const forget = (cluster: Cluster, key: string): void => void known.get(cluster)?.delete(key);
