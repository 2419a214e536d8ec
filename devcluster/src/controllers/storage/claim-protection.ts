import type { Store } from "../../types.ts";
import { hasEnded, type PersistentVolumeClaim, type Pod } from "../objects.ts";
import { claimsOf } from "../scheduler/exclusive-claim.ts";
import { PROTECTION } from "./storage-class.ts";

/** A claim that is deleted stays, with what is on it, until the last pod that uses it has ended (kubernetes.io/pvc-protection). */
export function startClaimProtection(store: Store): () => void {
  const look = (): void => {
    for (const claim of store.list<PersistentVolumeClaim>("persistentvolumeclaims")) {
      const { name, namespace, deletionTimestamp, finalizers = [] } = claim.metadata;
      if (deletionTimestamp === undefined || !finalizers.includes(PROTECTION) || isUsed(store, claim)) continue;
      store.mutate("persistentvolumeclaims", namespace, name, (draft) => {
        draft.metadata.finalizers = draft.metadata.finalizers?.filter((one) => one !== PROTECTION) ?? [];
      });
    }
  };
  return store.subscribe(({ resource }) => {
    if (resource === "persistentvolumeclaims" || resource === "pods") look();
  });
}

function isUsed(store: Store, { metadata: { name, namespace } }: PersistentVolumeClaim): boolean {
  return store
    .list<Pod>("pods")
    .some((pod) => pod.metadata.namespace === namespace && !hasEnded(pod) && claimsOf(pod).includes(name));
}
