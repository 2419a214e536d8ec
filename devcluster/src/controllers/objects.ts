import type { JobSpec, JobStatus } from "kubernetes-types/batch/v1";
import type { NodeSpec, NodeStatus, PersistentVolumeClaimSpec, PodSpec, PodStatus } from "kubernetes-types/core/v1";
import type { KubeObject, ObjectMeta, ResourceName } from "../types.ts";

/** Namespaced resources whose objects own others or are owned, owners first. */
export const OWNABLE: readonly ResourceName[] = [
  "statefulsets",
  "daemonsets",
  "jobs",
  "pods",
  "secrets",
  "configmaps",
  "persistentvolumeclaims",
  "serviceaccounts",
  "leases",
  "roles",
  "rolebindings",
];

/** Typed views of what the store holds. `namespace` is there for everything but nodes and namespaces. */
interface NamespacedMeta extends ObjectMeta {
  namespace: string;
}

export interface Pod extends KubeObject {
  metadata: NamespacedMeta;
  spec: PodSpec;
  status?: PodStatus;
}

export interface Job extends KubeObject {
  metadata: NamespacedMeta;
  spec: JobSpec;
  status?: JobStatus;
}

export interface Node extends KubeObject {
  spec: NodeSpec;
  status?: NodeStatus;
}

export interface PersistentVolumeClaim extends KubeObject {
  metadata: NamespacedMeta;
  spec: PersistentVolumeClaimSpec;
  status?: { phase?: string; accessModes?: string[]; capacity?: Record<string, unknown> };
}

export interface Secret extends KubeObject {
  data?: Record<string, string>;
}

export interface ConfigMap extends KubeObject {
  data?: Record<string, string>;
  binaryData?: Record<string, string>;
}

export type PodPhase = "Pending" | "Running" | "Succeeded" | "Failed";

export function phaseOf(pod: Pod): PodPhase {
  return (pod.status?.phase ?? "Pending") as PodPhase;
}

/** Nothing of the pod will run any more. */
export function hasEnded(pod: Pod): boolean {
  const phase = phaseOf(pod);
  return phase === "Succeeded" || phase === "Failed";
}

export function isTrue(conditions: readonly { type: string; status: string }[] | undefined, type: string): boolean {
  return conditions?.some((condition) => condition.type === type && condition.status === "True") ?? false;
}

/** metav1.Time: whole seconds, always Z. */
export function timestamp(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 19)}Z`;
}

/** `namespace/name`, the usual key of a queue. */
export function keyOf(object: KubeObject): string {
  return `${object.metadata.namespace ?? ""}/${object.metadata.name}`;
}
