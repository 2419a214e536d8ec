/** Lists of objects that merge by a key (`patchMergeKey` of the official API, 1.36); any other list is replaced. */
export const MERGE_KEYS: Readonly<Record<string, string>> = {
  containers: "name",
  initContainers: "name",
  ephemeralContainers: "name",
  env: "name",
  volumes: "name",
  volumeMounts: "mountPath",
  volumeDevices: "devicePath",
  ports: "containerPort",
  imagePullSecrets: "name",
  secrets: "name",
  hostAliases: "ip",
  topologySpreadConstraints: "topologyKey",
  schedulingGates: "name",
  resourceClaims: "name",
  ownerReferences: "uid",
  conditions: "type",
  podIPs: "ip",
  hostIPs: "ip",
  addresses: "type",
};

/** Lists of strings that merge as sets. */
export const SETS: ReadonlySet<string> = new Set(["finalizers"]);

/** The merge key of a list of that name whose patch has these items; null where the list is replaced. */
export function mergeKeyOf(field: string, items: readonly unknown[]): string | null {
  const key = Object.hasOwn(MERGE_KEYS, field) ? MERGE_KEYS[field] : undefined;
  const isObject = (item: unknown): boolean => typeof item === "object" && item !== null && !Array.isArray(item);
  if (key === undefined || !items.every(isObject)) return null;
  // A Service and a NetworkPolicy have `ports` too, of another kind. That of a NetworkPolicy is replaced; that of a Service
  // merges by `port`, which comes to the same for who sends all of them.
  return field === "ports" && items.some(isNoContainerPort) ? null : key;
}

function isNoContainerPort(item: unknown): boolean {
  const { containerPort, port, $patch } = item as Record<string, unknown>;
  return containerPort === undefined && port !== undefined && $patch === undefined;
}
