import { deepEqual, list, plain } from "../../store/plain.ts";
import type { KubeObject } from "../../types.ts";
import { parseQuantity } from "../defaults/quantity.ts";
import type { Complaints } from "./errors.ts";

export function validateClaim({ spec }: KubeObject, complaints: Complaints): void {
  const { accessModes, resources } = plain(spec);
  const field = "spec.accessModes";
  if (list(accessModes).length === 0) complaints.required(field, "at least 1 access mode is required");
  for (const mode of list(accessModes)) {
    complaints.oneOf(field, mode, ["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"]);
  }
  if (list(accessModes).includes("ReadWriteOncePod") && list(accessModes).length > 1)
    complaints.forbidden(field, "may not use ReadWriteOncePod with other access modes");
  const { storage } = plain(plain(resources).requests);
  if (storage === undefined) complaints.required("spec.resources[storage]");
  else if ((parseQuantity(String(storage))?.nano ?? 0n) <= 0n)
    complaints.invalid("spec.resources[storage]", String(storage), "must be greater than zero");
}

/** In the words of Kubernetes' own source; not measured. */
export function validateClaimUpdate(claim: KubeObject, old: KubeObject, complaints: Complaints): void {
  const isBound = plain(old.status).phase === "Bound";
  if (!deepEqual(fixed(claim, isBound), fixed(old, isBound)))
    complaints.forbidden(
      "spec",
      "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims",
    );
  const size = (of: unknown): bigint => parseQuantity(String(of ?? 0))?.nano ?? 0n;
  const { storage } = plain(plain(plain(claim.spec).resources).requests);
  if (isBound && size(storage) < size(plain(plain(old.status).capacity).storage))
    complaints.forbidden("spec.resources.requests.storage", "field can not be less than status.capacity");
}

function fixed({ spec }: KubeObject, isBound: boolean): object {
  const { resources, ...rest } = plain(spec);
  const { requests: _, ...others } = plain(resources);
  return isBound ? { ...rest, resources: others } : { ...rest, resources };
}
