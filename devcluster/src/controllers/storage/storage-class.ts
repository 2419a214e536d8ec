import { plain } from "../../store/plain.ts";
import type { KubeObject, Store } from "../../types.ts";
import type { PersistentVolumeClaim } from "../objects.ts";

/** The class of the claim; undefined where it names none, or one that is not there. */
export function classOf(store: Pick<Store, "get">, { spec }: PersistentVolumeClaim): KubeObject | undefined {
  return spec.storageClassName ? store.get("storageclasses", "", spec.storageClassName) : undefined;
}

/** It gets its volume once a pod that uses it has a node. */
export const isDelayed = (store: Pick<Store, "get">, claim: PersistentVolumeClaim): boolean =>
  plain(classOf(store, claim)).volumeBindingMode === "WaitForFirstConsumer";

/** Where the scheduler says which node its first pod goes to. */
export const SELECTED_NODE = "volume.kubernetes.io/selected-node";

/** Nothing of a claim goes while it has this. */
export const PROTECTION = "kubernetes.io/pvc-protection";
