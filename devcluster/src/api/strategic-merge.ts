import { deepEqual, isPlain, type Plain } from "../store/plain.ts";

/** Lists of objects that merge by a key (`patchMergeKey` of the official API); any other list is replaced. */
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
/** Choosing another member of these drops what the patch does not retain ($retainKeys). */
const RETAIN = "$retainKeys";
const DELETE_FROM_SET = "$deleteFromPrimitiveList/";
const ORDER = "$setElementOrder/";

/** Kubernetes' own merge, as `kubectl apply` and the typed clients send it. */
export function strategicMerge(target: Plain, patch: Plain): Plain {
  if (patch.$patch === "replace") return withoutDirectives(patch);
  let out: Plain = { ...target };
  if (Array.isArray(patch[RETAIN])) {
    const keep = patch[RETAIN].map(String);
    out = Object.fromEntries(Object.entries(out).filter(([key]) => keep.includes(key)));
  }
  for (const [key, value] of Object.entries(patch)) {
    if (key.startsWith(DELETE_FROM_SET)) {
      const field = key.slice(DELETE_FROM_SET.length);
      const gone = Array.isArray(value) ? value : [];
      const left = listOf(out[field]).filter((item) => !gone.includes(item));
      if (left.length === 0) delete out[field];
      else out[field] = left;
    } else if (key.startsWith("$")) {
      // $setElementOrder is applied after the merge; $retainKeys was applied before.
    } else if (value === null) delete out[key];
    else if (Array.isArray(value)) out[key] = mergedList(key, listOf(out[key]), value);
    else if (isPlain(value)) {
      if (value.$patch === "delete") delete out[key];
      else out[key] = strategicMerge(isPlain(out[key]) ? out[key] : {}, value);
    } else out[key] = value;
  }
  for (const [key, value] of Object.entries(patch)) {
    if (key.startsWith(ORDER)) reorder(out, key.slice(ORDER.length), listOf(value));
  }
  return out;
}

function mergedList(field: string, current: readonly unknown[], patch: readonly unknown[]): unknown[] {
  if (SETS.has(field)) return [...current, ...patch.filter((item) => !current.includes(item))];
  const mergeKey = MERGE_KEYS[field];
  const byKey = mergeKey !== undefined && patch.every((item) => isPlain(item));
  if (!byKey) return patch.map((item) => (isPlain(item) ? withoutDirectives(item) : item));
  if (patch.some((item) => isPlain(item) && item.$patch === "replace")) {
    return patch.filter((item) => !(isPlain(item) && item.$patch === "replace"));
  }
  const out = [...current];
  for (const item of patch) {
    if (!isPlain(item)) continue;
    const at = out.findIndex((candidate) => isPlain(candidate) && deepEqual(candidate[mergeKey], item[mergeKey]));
    const existing = out[at];
    if (item.$patch === "delete") {
      if (at !== -1) out.splice(at, 1);
    } else if (isPlain(existing)) out[at] = strategicMerge(existing, item);
    else out.push(strategicMerge({}, item));
  }
  return out;
}

function reorder(object: Plain, field: string, order: readonly unknown[]): void {
  const items = object[field];
  if (!Array.isArray(items)) return;
  const mergeKey = MERGE_KEYS[field];
  const rank = (item: unknown): number => {
    const identity = mergeKey !== undefined && isPlain(item) ? item[mergeKey] : item;
    const at = order.findIndex((it) => deepEqual(mergeKey !== undefined && isPlain(it) ? it[mergeKey] : it, identity));
    return at === -1 ? order.length : at;
  };
  object[field] = items.toSorted((a, b) => rank(a) - rank(b));
}

function withoutDirectives(object: Plain): Plain {
  return Object.fromEntries(Object.entries(object).filter(([key]) => !key.startsWith("$")));
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
