import type { SelfSubjectAccessReview } from "kubernetes-types/authorization/v1.js";
import type { Job } from "kubernetes-types/batch/v1.js";
import type { ConfigMap, Event, Namespace, PersistentVolumeClaim, Pod, Secret } from "kubernetes-types/core/v1.js";
import type { ObjectMeta } from "kubernetes-types/meta/v1.js";
import type { NetworkPolicy } from "kubernetes-types/networking/v1.js";

/** Any object of the API, as far as this folder must know it. */
export interface KubeObject {
  apiVersion?: string;
  kind?: string;
  metadata?: ObjectMeta;
}

/** An object as the API server returns it: these fields are always there. */
export type Stored<T extends KubeObject> = T & {
  metadata: ObjectMeta & { name: string; uid: string; resourceVersion: string; creationTimestamp: string };
};

/** Where a kind of object lives in the API. `T` is what its objects look like. */
export interface ResourceType<T extends KubeObject> {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
  readonly namespaced: boolean;
  /** What is read in the place of the object. @default the object itself */
  readonly subresource?: string;
  /** Never set: it only carries the type. */
  readonly object?: T;
}

function resource<T extends KubeObject>(
  apiVersion: string,
  plural: string,
  kind: string,
  namespaced = true,
): ResourceType<T> {
  const [first = "", second] = apiVersion.split("/");
  return { group: second ? first : "", version: second ?? first, plural, kind, namespaced };
}

export const jobs = resource<Job>("batch/v1", "jobs", "Job");
export const pods = resource<Pod>("v1", "pods", "Pod");
export const secrets = resource<Secret>("v1", "secrets", "Secret");
export const configMaps = resource<ConfigMap>("v1", "configmaps", "ConfigMap");
export const events = resource<Event>("v1", "events", "Event");
export const persistentVolumeClaims = resource<PersistentVolumeClaim>(
  "v1",
  "persistentvolumeclaims",
  "PersistentVolumeClaim",
);
export const networkPolicies = resource<NetworkPolicy>("networking.k8s.io/v1", "networkpolicies", "NetworkPolicy");
export const namespaces = resource<Namespace>("v1", "namespaces", "Namespace", false);
export const selfSubjectAccessReviews = resource<SelfSubjectAccessReview>(
  "authorization.k8s.io/v1",
  "selfsubjectaccessreviews",
  "SelfSubjectAccessReview",
  false,
);

/** `batch/v1`, `v1`. */
export function apiVersionOf(type: ResourceType<KubeObject>): string {
  return type.group === "" ? type.version : `${type.group}/${type.version}`;
}

/** The path of a collection or, with a name, of one object. Names are escaped: a name never reaches another path. */
export function pathOf(type: ResourceType<KubeObject>, namespace: string | undefined, name?: string): string {
  const root = type.group === "" ? `/api/${type.version}` : `/apis/${type.group}/${type.version}`;
  const scope = type.namespaced && namespace !== undefined ? `/namespaces/${encodeURIComponent(namespace)}` : "";
  const part = name !== undefined && type.subresource !== undefined ? `/${type.subresource}` : "";
  return `${root}${scope}/${type.plural}${name === undefined ? "" : `/${encodeURIComponent(name)}`}${part}`;
}
