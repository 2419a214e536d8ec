import { parseQuantity } from "../../api/defaults/quantity.ts";
import { list, plain } from "../../store/plain.ts";
import type { Clock, KubeObject, Store } from "../../types.ts";
import { createEventRecorder, type EventRecorder, type EventText } from "../events.ts";
import type { PersistentVolumeClaim } from "../objects.ts";
import { classOf, isDelayed, SELECTED_NODE } from "./storage-class.ts";

/**
 * Binds claims, provisions volumes, and lets them grow. A claim that names a volume, or the storage class "", waits for such a
 * PersistentVolume; one of a class gets a directory of the node (node/volumes/), at once or, where its class waits for the first
 * consumer, when a pod that uses it has a node.
 */
export function startVolumeBinder(store: Store, clock: Clock): () => void {
  const record = createEventRecorder(store, clock, "persistentvolume-controller");
  const look = (): void => {
    for (const claim of store.list<PersistentVolumeClaim>("persistentvolumeclaims")) {
      if (claim.metadata.deletionTimestamp !== undefined) continue;
      if (claim.status?.phase === "Bound") grow(store, claim);
      else bind(store, claim, record);
    }
  };
  look();
  const causes = new Set(["persistentvolumeclaims", "persistentvolumes", "storageclasses"]);
  return store.subscribe(({ type, resource, object }) => {
    if (resource === "persistentvolumeclaims" && type === "DELETED") reclaim(store, object as PersistentVolumeClaim);
    else if (causes.has(resource) && type !== "DELETED") look();
  });
}

function bind(store: Store, claim: PersistentVolumeClaim, record: EventRecorder): void {
  const { volumeName, storageClassName } = claim.spec;
  if (volumeName !== undefined || storageClassName === "") {
    const volume = store.list("persistentvolumes").find((one) => suits(one, claim));
    if (volume !== undefined) bindTo(store, claim, volume);
    return;
  }
  const why = whyUnbound(store, claim, storageClassName);
  if (why !== null) {
    record(claim, why);
    return;
  }
  // Whoever hears of the new volume binds it first.
  bindTo(store, claim, store.get("persistentvolumes", "", `pvc-${claim.metadata.uid}`) ?? provisioned(store, claim));
}

/** In the words of Kubernetes' own source; not measured. */
function whyUnbound(
  store: Store,
  claim: PersistentVolumeClaim,
  storageClassName: string | undefined,
): EventText | null {
  if (storageClassName === undefined) {
    const message = "no persistent volumes available for this claim and no storage class is set";
    return { type: "Normal", reason: "FailedBinding", message };
  }
  if (classOf(store, claim) === undefined) {
    const message = `storageclass.storage.k8s.io "${storageClassName}" not found`;
    return { type: "Warning", reason: "ProvisioningFailed", message };
  }
  if (!isDelayed(store, claim) || claim.metadata.annotations?.[SELECTED_NODE] !== undefined) return null;
  const message = "waiting for first consumer to be created before binding";
  return { type: "Normal", reason: "WaitForFirstConsumer", message };
}

function provisioned(store: Store, claim: PersistentVolumeClaim): KubeObject {
  const { namespace, name, uid } = claim.metadata;
  const { provisioner, reclaimPolicy = "Delete" } = plain(classOf(store, claim));
  const driver = String(provisioner);
  return store.create("persistentvolumes", {
    metadata: { name: `pvc-${uid}`, annotations: { "pv.kubernetes.io/provisioned-by": driver } },
    spec: {
      capacity: { storage: claim.spec.resources?.requests?.storage },
      accessModes: claim.spec.accessModes,
      claimRef: { apiVersion: "v1", kind: "PersistentVolumeClaim", namespace, name, uid },
      persistentVolumeReclaimPolicy: reclaimPolicy,
      storageClassName: claim.spec.storageClassName,
      volumeMode: "Filesystem",
      csi: { driver, volumeHandle: `pvc-${uid}` },
    },
  });
}

function bindTo(store: Store, claim: PersistentVolumeClaim, volume: KubeObject): void {
  const { namespace, name, uid } = claim.metadata;
  const isStatic = plain(volume.spec).csi === undefined;
  store.mutate("persistentvolumes", "", volume.metadata.name, (draft) => {
    if (isStatic)
      draft.spec = { ...plain(draft.spec), claimRef: { kind: "PersistentVolumeClaim", namespace, name, uid } };
    draft.status = { ...plain(draft.status), phase: "Bound" };
  });
  store.mutate<PersistentVolumeClaim>("persistentvolumeclaims", namespace, name, (draft) => {
    draft.spec.volumeName = volume.metadata.name;
    draft.status = {
      ...draft.status,
      phase: "Bound",
      accessModes: draft.spec.accessModes ?? [],
      capacity: { ...plain(plain(volume.spec).capacity) },
    };
  });
}

/** What admission has let through its class allows: volume and file system grow while they are in use. */
function grow(store: Store, { metadata, spec, status }: PersistentVolumeClaim): void {
  const storage = spec.resources?.requests?.storage;
  if (worth(storage) <= worth(status?.capacity?.storage)) return;
  store.mutate("persistentvolumes", "", spec.volumeName ?? "", (draft) => {
    draft.spec = { ...plain(draft.spec), capacity: { storage } };
  });
  store.mutate<PersistentVolumeClaim>("persistentvolumeclaims", metadata.namespace, metadata.name, (draft) => {
    draft.status = { ...draft.status, capacity: { ...draft.status?.capacity, storage } };
  });
}

/** A provisioned volume goes with its claim, or stays for a person, as its policy says. */
function reclaim(store: Store, { spec }: PersistentVolumeClaim): void {
  const volume = spec.volumeName === undefined ? undefined : store.get("persistentvolumes", "", spec.volumeName);
  if (volume === undefined || plain(volume.spec).csi === undefined) return;
  if (plain(volume.spec).persistentVolumeReclaimPolicy === "Delete")
    store.delete("persistentvolumes", "", volume.metadata.name);
  else
    store.mutate("persistentvolumes", "", volume.metadata.name, (draft) => {
      draft.status = { ...plain(draft.status), phase: "Released" };
    });
}

const worth = (quantity: unknown): bigint => parseQuantity(String(quantity ?? 0))?.nano ?? 0n;

/** It is the one that the claim names, or a free one of no class that is large enough and can be used so. */
function suits({ metadata, spec }: KubeObject, claim: PersistentVolumeClaim): boolean {
  const { claimRef, storageClassName = "", capacity, accessModes } = plain(spec);
  const owner = plain(claimRef);
  const isOurs = owner.namespace === claim.metadata.namespace && owner.name === claim.metadata.name;
  if (claimRef !== undefined && !isOurs) return false;
  if (claim.spec.volumeName !== undefined && claim.spec.volumeName !== metadata.name) return false;
  return (
    storageClassName === (claim.spec.storageClassName ?? "") &&
    worth(plain(capacity).storage) >= worth(claim.spec.resources?.requests?.storage) &&
    (claim.spec.accessModes ?? []).every((mode) => list(accessModes).includes(mode))
  );
}
