import type { ResourceDefinition } from "../api/resources.ts";

export const GROUP = "kueue.x-k8s.io";
export const VERSION = "v1beta2";
export const VISIBILITY_GROUP = "visibility.kueue.x-k8s.io";

const define = (kind: string, name: string, namespaced: boolean): ResourceDefinition => ({
  name,
  kind,
  group: GROUP,
  version: VERSION,
  singular: kind.toLowerCase(),
  namespaced,
  shortNames: [],
  categories: [],
  subresources: ["status"],
  nameFormat: "subdomain",
  schemaless: true,
});

/** Of Kueue's kinds those that the controller knows. */
export const KUEUE_RESOURCES: readonly ResourceDefinition[] = [
  define("ResourceFlavor", "resourceflavors", false),
  define("ClusterQueue", "clusterqueues", false),
  define("LocalQueue", "localqueues", true),
  define("Workload", "workloads", true),
  define("WorkloadPriorityClass", "workloadpriorityclasses", false),
];
