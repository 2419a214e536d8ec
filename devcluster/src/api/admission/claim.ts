import { PROTECTION } from "../../controllers/storage/storage-class.ts";
import { plain } from "../../store/plain.ts";
import type { RuleContext } from "../../store/rules.ts";
import type { KubeObject } from "../../types.ts";
import { forbidden } from "../api-error.ts";
import { parseQuantity } from "../defaults/quantity.ts";

const DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class";

/** A new claim that names no class gets the default one, where there is one; each is protected while it is in use. */
export function admitClaim(claim: KubeObject, { store }: RuleContext): void {
  const spec = plain(claim.spec);
  const standard = store
    .list("storageclasses")
    .find(({ metadata }) => metadata.annotations?.[DEFAULT_CLASS] === "true");
  if (spec.storageClassName === undefined && spec.volumeName === undefined && standard)
    spec.storageClassName = standard.metadata.name;
  const { finalizers = [] } = claim.metadata;
  claim.metadata.finalizers = finalizers.includes(PROTECTION) ? finalizers : [...finalizers, PROTECTION];
}

/** A claim grows only where its class lets it. In the words of Kubernetes' own source (PersistentVolumeClaimResize); not measured. */
export function admitResize(claim: KubeObject, old: KubeObject, { resource, store }: RuleContext): void {
  if (sizeOf(claim) <= sizeOf(old)) return;
  const { storageClassName } = plain(claim.spec);
  const of = typeof storageClassName === "string" ? store.get("storageclasses", "", storageClassName) : undefined;
  if (plain(of).allowVolumeExpansion === true) return;
  const why =
    "only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize";
  throw forbidden(resource, claim.metadata.name, why);
}

const sizeOf = ({ spec }: KubeObject): bigint =>
  parseQuantity(String(plain(plain(plain(spec).resources).requests).storage ?? 0))?.nano ?? 0n;
