import type { Store } from "../../types.ts";
import { hasEnded, type Pod } from "../objects.ts";

/** Names of the claims that the pod mounts. */
export const claimsOf = (pod: Pod): readonly string[] =>
  pod.spec.volumes?.flatMap(({ persistentVolumeClaim }) => persistentVolumeClaim?.claimName ?? []) ?? [];

/** True when another pod that has not ended has a claim of this one which only one pod may use. */
export function isClaimTaken(store: Store, pod: Pod): boolean {
  const { namespace, uid } = pod.metadata;
  const exclusive = claimsOf(pod).filter((name) => {
    const spec = store.get("persistentvolumeclaims", namespace, name)?.spec as { accessModes?: string[] } | undefined;
    return spec?.accessModes?.includes("ReadWriteOncePod") ?? false;
  });
  if (exclusive.length === 0) return false;
  return store.list<Pod>("pods").some((other) => {
    const placed = other.metadata.namespace === namespace && other.metadata.uid !== uid && other.spec.nodeName;
    return placed && !hasEnded(other) && claimsOf(other).some((name) => exclusive.includes(name));
  });
}
