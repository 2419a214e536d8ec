import { deepEqual, list, plain } from "../../store/plain.ts";
import type { KubeObject } from "../../types.ts";
import { invalid } from "../api-error.ts";
import type { ResourceDefinition } from "../resources.ts";
import { validateClaim, validateClaimUpdate } from "./claim.ts";
import { Complaints } from "./errors.ts";
import { validateJob, validateJobUpdate } from "./job.ts";
import { validateMeta, validateMetaUpdate } from "./meta.ts";
import { validatePodSpec } from "./pod-spec.ts";
import { validateConfigMap, validateDataUpdate, validateSecret } from "./secret.ts";
import { validateWebhooks } from "./webhook.ts";
import { validateService, validateWorkload } from "./workload.ts";

type Check = (object: KubeObject, complaints: Complaints) => void;
type UpdateCheck = (object: KubeObject, old: KubeObject, complaints: Complaints) => void;

const CHECKS: Readonly<Record<string, Check>> = {
  pods: ({ spec }, complaints) => validatePodSpec(plain(spec), "spec", complaints),
  jobs: validateJob,
  statefulsets: validateWorkload,
  daemonsets: validateWorkload,
  services: validateService,
  secrets: validateSecret,
  configmaps: validateConfigMap,
  persistentvolumeclaims: validateClaim,
  persistentvolumes: validateVolume,
  mutatingwebhookconfigurations: validateWebhooks,
  validatingwebhookconfigurations: validateWebhooks,
  events: validateEvent,
  roles: validateRole,
  clusterroles: validateRole,
  rolebindings: validateBinding,
  clusterrolebindings: validateBinding,
};

const UPDATE_CHECKS: Readonly<Record<string, UpdateCheck>> = {
  pods: validatePodUpdate,
  jobs: validateJobUpdate,
  secrets: validateDataUpdate,
  configmaps: validateDataUpdate,
  persistentvolumeclaims: validateClaimUpdate,
  rolebindings: validateBindingUpdate,
  clusterrolebindings: validateBindingUpdate,
};

/** Throws the 422 with everything that is wrong. */
export function validateCreate(object: KubeObject, resource: ResourceDefinition): void {
  const complaints = new Complaints();
  validateMeta(object, resource, complaints);
  CHECKS[resource.name]?.(object, complaints);
  conclude(object, resource, complaints);
}

export function validateUpdate(
  object: KubeObject,
  old: KubeObject,
  resource: ResourceDefinition,
  subresource?: string,
): void {
  const complaints = new Complaints();
  validateMeta(object, resource, complaints);
  validateMetaUpdate(object, old, complaints);
  if (subresource === "ephemeralcontainers") validateEphemeralUpdate(object, old, complaints);
  else UPDATE_CHECKS[resource.name]?.(object, old, complaints);
  CHECKS[resource.name]?.(object, complaints);
  conclude(object, resource, complaints);
}

function conclude({ metadata }: KubeObject, resource: ResourceDefinition, { all }: Complaints): void {
  if (all.length > 0) throw invalid(resource, metadata.name, all);
}

/** Almost nothing of a pod's spec can be changed. */
function validatePodUpdate(pod: KubeObject, old: KubeObject, complaints: Complaints): void {
  if (deepEqual(fixed(pod), fixed(old))) return;
  complaints.forbidden(
    "spec",
    "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)",
  );
}

/** They can be added, and then neither changed nor removed. */
function validateEphemeralUpdate(pod: KubeObject, old: KubeObject, complaints: Complaints): void {
  const [after, before] = [pod, old].map(({ spec }) => list(plain(spec).ephemeralContainers));
  const field = "spec.ephemeralContainers";
  for (const [index, container] of (before ?? []).entries()) {
    if (deepEqual(after?.[index], container)) continue;
    const { name } = plain(container);
    complaints.forbidden(field, `existing ephemeral containers "${name}" may not be changed`);
  }
}

function fixed({ spec }: KubeObject): object {
  const { activeDeadlineSeconds: _, tolerations: __, ...rest } = plain(spec);
  const imageless = (containers: unknown): unknown[] =>
    list(containers).map((container) => ({ ...plain(container), image: "" }));
  return { ...rest, containers: imageless(rest.containers), initContainers: imageless(rest.initContainers) };
}

function validateVolume({ spec }: KubeObject, complaints: Complaints): void {
  const { accessModes, capacity, hostPath, csi } = plain(spec);
  if (list(accessModes).length === 0) complaints.required("spec.accessModes");
  if (plain(capacity).storage === undefined) complaints.required("spec.capacity[storage]");
  if (hostPath === undefined && csi === undefined) complaints.required("spec", "must specify a volume type");
}

function validateEvent({ involvedObject, metadata }: KubeObject, complaints: Complaints): void {
  const { namespace } = plain(involvedObject);
  const cluster = namespace === undefined || namespace === "";
  if (
    cluster
      ? metadata.namespace === "default" || metadata.namespace === "kube-system"
      : namespace === metadata.namespace
  ) {
    return;
  }
  complaints.invalid("involvedObject.namespace", namespace ?? "", "does not match event.namespace");
}

function validateRole({ rules }: KubeObject, complaints: Complaints): void {
  for (const [i, rule] of list(rules).entries()) {
    const { verbs, resources, apiGroups, nonResourceURLs } = plain(rule);
    if (list(verbs).length === 0) complaints.required(`rules[${i}].verbs`, "verbs must contain at least one value");
    if (list(nonResourceURLs).length > 0) continue;
    if (list(apiGroups).length === 0) {
      complaints.required(`rules[${i}].apiGroups`, "resource rules must supply at least one api group");
    }
    if (list(resources).length === 0) {
      complaints.required(`rules[${i}].resources`, "resource rules must supply at least one resource");
    }
  }
}

function validateBinding({ roleRef }: KubeObject, complaints: Complaints): void {
  const { kind, name } = plain(roleRef);
  complaints.oneOf("roleRef.kind", kind ?? "", ["ClusterRole", "Role"]);
  if (!name) complaints.required("roleRef.name");
}

function validateBindingUpdate(binding: KubeObject, old: KubeObject, complaints: Complaints): void {
  if (!deepEqual(binding.roleRef, old.roleRef)) complaints.invalid("roleRef", binding.roleRef, "cannot change roleRef");
}
