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
  return key !== undefined && items.every(isObject) ? key : null;
}
