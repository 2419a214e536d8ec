/** Every resource that the devcluster serves, and what discovery says of it. */
export interface ResourceDefinition {
  /** Plural, as in the path. */
  readonly name: string;
  readonly singular: string;
  readonly kind: string;
  /** "" is the core group. */
  readonly group: string;
  readonly version: string;
  readonly namespaced: boolean;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  /** `status` has its own write path; others are verbs of the pod. */
  readonly subresources: readonly string[];
  /** What a name must look like. */
  readonly nameFormat: "subdomain" | "label" | "path";
  /** A custom resource: any field is taken. @default false */
  readonly schemaless?: boolean;
}

function define(
  kind: string,
  group: string,
  name: string,
  more: Partial<Omit<ResourceDefinition, "kind" | "group" | "name">> = {},
): ResourceDefinition {
  return {
    name,
    kind,
    group,
    version: "v1",
    singular: kind.toLowerCase(),
    namespaced: true,
    shortNames: [],
    categories: [],
    subresources: [],
    nameFormat: "subdomain",
    ...more,
  };
}

const RBAC = "rbac.authorization.k8s.io";
const ADMISSION = "admissionregistration.k8s.io";

export const RESOURCES: readonly ResourceDefinition[] = [
  define("Namespace", "", "namespaces", {
    namespaced: false,
    shortNames: ["ns"],
    subresources: ["status"],
    nameFormat: "label",
  }),
  define("Node", "", "nodes", { namespaced: false, shortNames: ["no"], subresources: ["status"] }),
  define("Pod", "", "pods", {
    shortNames: ["po"],
    categories: ["all"],
    subresources: ["status", "log", "eviction", "exec", "ephemeralcontainers"],
  }),
  define("Secret", "", "secrets"),
  define("ConfigMap", "", "configmaps", { shortNames: ["cm"] }),
  define("Event", "", "events", { shortNames: ["ev"] }),
  define("PersistentVolumeClaim", "", "persistentvolumeclaims", { shortNames: ["pvc"], subresources: ["status"] }),
  define("PersistentVolume", "", "persistentvolumes", {
    namespaced: false,
    shortNames: ["pv"],
    subresources: ["status"],
  }),
  define("StorageClass", "storage.k8s.io", "storageclasses", { namespaced: false, shortNames: ["sc"] }),
  define("ResourceQuota", "", "resourcequotas", { shortNames: ["quota"], subresources: ["status"] }),
  define("LimitRange", "", "limitranges", { shortNames: ["limits"] }),
  define("ServiceAccount", "", "serviceaccounts", { shortNames: ["sa"], subresources: ["token"] }),
  // Kept, and without effect: nothing routes.
  define("Service", "", "services", { shortNames: ["svc"], categories: ["all"], nameFormat: "label" }),
  define("StatefulSet", "apps", "statefulsets", {
    shortNames: ["sts"],
    categories: ["all"],
    subresources: ["status"],
  }),
  define("DaemonSet", "apps", "daemonsets", { shortNames: ["ds"], categories: ["all"], subresources: ["status"] }),
  define("Job", "batch", "jobs", { categories: ["all"], subresources: ["status"] }),
  define("Lease", "coordination.k8s.io", "leases"),
  define("Role", RBAC, "roles", { nameFormat: "path" }),
  define("RoleBinding", RBAC, "rolebindings", { nameFormat: "path" }),
  define("ClusterRole", RBAC, "clusterroles", { namespaced: false, nameFormat: "path" }),
  define("ClusterRoleBinding", RBAC, "clusterrolebindings", { namespaced: false, nameFormat: "path" }),
  // Kept, and without effect.
  define("NetworkPolicy", "networking.k8s.io", "networkpolicies", { shortNames: ["netpol"] }),
  define("ValidatingAdmissionPolicy", ADMISSION, "validatingadmissionpolicies", {
    namespaced: false,
    categories: ["api-extensions"],
    subresources: ["status"],
  }),
  define("ValidatingAdmissionPolicyBinding", ADMISSION, "validatingadmissionpolicybindings", {
    namespaced: false,
    categories: ["api-extensions"],
  }),
  define("MutatingWebhookConfiguration", ADMISSION, "mutatingwebhookconfigurations", { namespaced: false }),
  define("ValidatingWebhookConfiguration", ADMISSION, "validatingwebhookconfigurations", { namespaced: false }),
];

/** The second face of events: same objects, other field names (api/events.ts). */
export const EVENTS_V1 = define("Event", "events.k8s.io", "events", { shortNames: ["ev"] });

const byName = new Map(RESOURCES.map((resource) => [resource.name, resource]));

/** Makes kinds of an installed component known to every store of this process; which of them is served is its own matter. */
export function registerResources(resources: readonly ResourceDefinition[]): void {
  for (const resource of resources) byName.set(resource.name, resource);
}

/** Throws for a name that does not exist: that is a bug of the caller, not of a client. */
export function resourceNamed(name: string): ResourceDefinition {
  const found = byName.get(name);
  if (found === undefined) throw new Error(`the devcluster has no resource named ${name}`);
  return found;
}

export function apiVersionOf(resource: Pick<ResourceDefinition, "group" | "version">): string {
  return resource.group === "" ? resource.version : `${resource.group}/${resource.version}`;
}
