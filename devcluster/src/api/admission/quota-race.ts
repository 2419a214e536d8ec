import { setImmediate as nextTurn } from "node:timers/promises";
import type { ApiStore } from "../../store/store.ts";
import { conflict } from "../api-error.ts";
import { type ResourceDefinition, resourceNamed } from "../resources.ts";
import { quotasFor } from "./quota.ts";

/** Quota uid → creates that it has counted. */
type Counts = Map<string, number>;
const counts = new WeakMap<ApiStore, Counts>();

/**
 * The server counts a create by updating each quota that has a say, from the state it has read: of creates that arrive
 * together the first succeeds, and the others get a conflict of the quota (kubernetes/kubernetes#67761).
 *
 * Resolves with what is to be called when the object is about to be stored; that throws where another was quicker.
 */
export async function enterQuotas(
  store: ApiStore,
  resource: ResourceDefinition,
  namespace: string,
): Promise<() => void> {
  const quotas = quotasFor(store, resource, namespace);
  if (quotas.length === 0) return () => {};
  const known = counts.get(store) ?? new Map<string, number>();
  counts.set(store, known);
  const read = quotas.map(({ metadata }) => known.get(metadata.uid ?? "") ?? 0);
  await nextTurn();
  return () => {
    for (const [index, { metadata }] of quotas.entries()) {
      const uid = metadata.uid ?? "";
      if ((known.get(uid) ?? 0) !== read[index]) throw conflict(resourceNamed("resourcequotas"), metadata.name);
    }
    for (const { metadata } of quotas) known.set(metadata.uid ?? "", (known.get(metadata.uid ?? "") ?? 0) + 1);
  };
}
