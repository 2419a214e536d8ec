import type { Store } from "../types.ts";
import type { PersistentVolumeClaim } from "./objects.ts";

/** Binds every claim at once: the node gives each a directory (node/volumes/). There are no PersistentVolume objects. */
export function startVolumeBinder(store: Store): () => void {
  const bind = (claim: PersistentVolumeClaim): void => {
    const { namespace, name, uid } = claim.metadata;
    store.mutate<PersistentVolumeClaim>("persistentvolumeclaims", namespace, name, (draft) => {
      draft.spec.volumeName ??= `pvc-${uid}`;
      draft.status = {
        ...draft.status,
        phase: "Bound",
        accessModes: draft.spec.accessModes ?? [],
        capacity: { ...draft.spec.resources?.requests },
      };
    });
  };
  for (const claim of store.list<PersistentVolumeClaim>("persistentvolumeclaims")) bind(claim);
  return store.subscribe(({ type, resource, object }) => {
    if (resource === "persistentvolumeclaims" && type === "ADDED") bind(object as PersistentVolumeClaim);
  });
}
