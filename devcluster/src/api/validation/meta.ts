import { deepEqual, plain } from "../../store/plain.ts";
import type { KubeObject, ObjectMeta } from "../../types.ts";
import type { ResourceDefinition } from "../resources.ts";
import type { Complaints } from "./errors.ts";
import { dnsLabel, dnsSubdomain, labelValue, pathSegment, qualifiedName } from "./formats.ts";

const MAX_ANNOTATIONS = 262_144;
const NAME_FORMATS = { subdomain: dnsSubdomain, label: dnsLabel, path: pathSegment };

export function validateMeta({ metadata }: KubeObject, resource: ResourceDefinition, complaints: Complaints): void {
  const { name, labels, annotations, finalizers } = metadata;
  if (name === "") complaints.required("metadata.name", "name or generateName is required");
  else {
    const wrong = NAME_FORMATS[resource.nameFormat](name);
    if (wrong !== undefined) complaints.invalid("metadata.name", name, wrong);
  }
  validateLabels("metadata.labels", labels, complaints);
  validateAnnotations(annotations, complaints);
  for (const finalizer of finalizers ?? []) {
    const wrong = qualifiedName(finalizer);
    if (wrong !== undefined) complaints.invalid("metadata.finalizers", finalizer, wrong);
  }
  validateOwners(metadata, complaints);
}

export function validateLabels(field: string, labels: unknown, complaints: Complaints): void {
  for (const [key, value] of Object.entries(plain(labels))) {
    const wrongKey = qualifiedName(key);
    if (wrongKey !== undefined) complaints.invalid(field, key, wrongKey);
    const wrongValue = labelValue(String(value));
    if (wrongValue !== undefined) complaints.invalid(field, value, wrongValue);
  }
}

function validateAnnotations(annotations: ObjectMeta["annotations"], complaints: Complaints): void {
  let size = 0;
  for (const [key, value] of Object.entries(annotations ?? {})) {
    const wrong = qualifiedName(key.toLowerCase());
    if (wrong !== undefined) complaints.invalid("metadata.annotations", key, wrong);
    size += Buffer.byteLength(key) + Buffer.byteLength(value);
  }
  if (size > MAX_ANNOTATIONS) complaints.tooLong("metadata.annotations", MAX_ANNOTATIONS);
}

function validateOwners({ ownerReferences = [] }: ObjectMeta, complaints: Complaints): void {
  for (const [i, owner] of ownerReferences.entries()) {
    const field = `metadata.ownerReferences[${i}]`;
    if (!owner.apiVersion) complaints.invalid(`${field}.apiVersion`, "", "version must not be empty");
    for (const part of ["kind", "name", "uid"] as const) {
      if (!owner[part]) complaints.invalid(`${field}.${part}`, "", "must not be empty");
    }
  }
  const controllers = ownerReferences.filter(({ controller }) => controller === true);
  if (controllers.length > 1) {
    const detail = "Only one reference can have Controller set to true";
    complaints.invalid("metadata.ownerReferences", ownerReferences, detail);
  }
}

export function validateMetaUpdate({ metadata }: KubeObject, old: KubeObject, complaints: Complaints): void {
  if (old.metadata.deletionTimestamp === undefined) return;
  const before = old.metadata.finalizers ?? [];
  const added = (metadata.finalizers ?? []).filter((finalizer) => !before.includes(finalizer));
  if (added.length > 0 && !deepEqual(before, metadata.finalizers)) {
    const detail = `no new finalizers can be added if the object is being deleted, found new finalizers ${JSON.stringify(added)}`;
    complaints.forbidden("metadata.finalizers", detail);
  }
}
