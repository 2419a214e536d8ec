import { parseQuantity } from "../api/defaults/quantity.ts";
import { list, plain } from "../store/plain.ts";
import type { KubeObject, Store } from "../types.ts";
import type { PersistentVolumeClaim } from "./objects.ts";

/**
 * Binds claims. One that names a volume, or the storage class "", waits for such a PersistentVolume; every other gets a
 * directory of the node at once, as from a class that provisions (node/volumes/).
 */
export function startVolumeBinder(store: Store): () => void {
  const look = (): void => {
    for (const claim of store.list<PersistentVolumeClaim>("persistentvolumeclaims")) {
      if (claim.status?.phase !== "Bound") bind(store, claim);
    }
  };
  look();
  return store.subscribe(({ type, resource }) => {
    if (type === "ADDED" && (resource === "persistentvolumeclaims" || resource === "persistentvolumes")) look();
  });
}

function bind(store: Store, claim: PersistentVolumeClaim): void {
  const { namespace, name, uid } = claim.metadata;
  const { volumeName, storageClassName } = claim.spec;
  const isStatic = volumeName !== undefined || storageClassName === "";
  const volume = isStatic ? store.list("persistentvolumes").find((one) => suits(one, claim)) : undefined;
  if (isStatic && volume === undefined) {
    setPhase(store, claim, "Pending");
    return;
  }
  if (volume !== undefined) {
    store.mutate("persistentvolumes", "", volume.metadata.name, (draft) => {
      draft.spec = { ...plain(draft.spec), claimRef: { kind: "PersistentVolumeClaim", namespace, name, uid } };
      draft.status = { ...plain(draft.status), phase: "Bound" };
    });
  }
  store.mutate<PersistentVolumeClaim>("persistentvolumeclaims", namespace, name, (draft) => {
    draft.spec.volumeName = volume?.metadata.name ?? `pvc-${uid}`;
    draft.status = {
      ...draft.status,
      phase: "Bound",
      accessModes: draft.spec.accessModes ?? [],
      capacity: { ...(volume ? plain(plain(volume.spec).capacity) : draft.spec.resources?.requests) },
    };
  });
}

function setPhase(store: Store, { metadata }: PersistentVolumeClaim, phase: string): void {
  store.mutate<PersistentVolumeClaim>("persistentvolumeclaims", metadata.namespace, metadata.name, (draft) => {
    draft.status = { ...draft.status, phase };
  });
}

/** It is the one that the claim names, or a free one of no class that is large enough and can be used so. */
function suits({ metadata, spec }: KubeObject, claim: PersistentVolumeClaim): boolean {
  const { claimRef, storageClassName = "", capacity, accessModes } = plain(spec);
  const owner = plain(claimRef);
  const isOurs = owner.namespace === claim.metadata.namespace && owner.name === claim.metadata.name;
  if (claimRef !== undefined && !isOurs) return false;
  if (claim.spec.volumeName !== undefined && claim.spec.volumeName !== metadata.name) return false;
  const worth = (quantity: unknown): bigint => parseQuantity(String(quantity ?? 0))?.nano ?? 0n;
  return (
    storageClassName === (claim.spec.storageClassName ?? "") &&
    worth(plain(capacity).storage) >= worth(claim.spec.resources?.requests?.storage) &&
    (claim.spec.accessModes ?? []).every((mode) => list(accessModes).includes(mode))
  );
}
