/** Whose word each part of a Job is, for `claude-k8s manifest`. */
import { isDeepStrictEqual } from "node:util";
import { mergeKeyOf } from "../../../../strategic-merge/strategic-merge.ts";
import { isPlain } from "../../../config/pod-template/walk.ts";
import type { HostPod } from "../../../paperclip/host-pod.ts";
import type { GovernedAgent } from "../../../policy/policy.ts";
import { CONTAINER } from "../../shared/names.ts";
import type { TemplateStage } from "./overlay.ts";

/** By place: fields, keys, and items by their merge key or index, as `pathKey` writes them. What is not here is as its parent. */
export type Origins = ReadonlyMap<string, string>;

export const pathKey = (path: readonly string[]): string => path.join("\0");

/** A step of the path to an item of a list. */
export function itemKey(field: string, list: readonly unknown[], index: number): string {
  const mergeKey = mergeKeyOf(field, list);
  return mergeKey === null ? String(index) : String((list[index] as Record<string, unknown>)[mergeKey]);
}

const TEMPLATE = ["spec", "template"];

/** Parts of the adapter's own template that a setting decides; `inherited`: whether Paperclip's own pod does otherwise. */
const SETTINGS: readonly (readonly [
  path: readonly string[],
  setting: string,
  inherited?: (pod: HostPod) => boolean,
])[] = [
  [["spec", "containers", CONTAINER, "image"], "image", ({ image }) => image !== null],
  [["spec", "containers", CONTAINER, "imagePullPolicy"], "imagePullPolicy"],
  ...(["requests", "limits"] as const).flatMap((side) =>
    ["cpu", "memory", "ephemeral-storage"].map(
      (name) => [["spec", "containers", CONTAINER, "resources", side, name], `resources.${side}.${name}`] as const,
    ),
  ),
  [["spec", "imagePullSecrets"], "imagePullSecrets", () => true],
  [["spec", "serviceAccountName"], "serviceAccountName"],
  [["spec", "nodeSelector"], "nodeSelector", () => true],
  [["spec", "affinity"], "nodeSelector", () => true],
  [["spec", "tolerations"], "tolerations", () => true],
  [["spec", "dnsConfig"], "podTemplate", () => true],
  [["spec", "priorityClassName"], "priorityClassName"],
  [["spec", "runtimeClassName"], "runtimeClassName"],
  [["spec", "securityContext", "runAsUser"], "runAsUser", ({ user }) => Boolean(user.uid)],
  [["spec", "securityContext", "runAsGroup"], "runAsUser", ({ user }) => Boolean(user.gid)],
  [["spec", "securityContext", "supplementalGroups"], "runAsUser", () => true],
  [["spec", "terminationGracePeriodSeconds"], "graceSec"],
  [["spec", "activeDeadlineSeconds"], "timeoutSec"],
];

export function originsOf(
  agent: Pick<GovernedAgent, "input" | "set" | "config">,
  hostPod: HostPod | null,
  made: unknown,
  stages: readonly TemplateStage[],
): Origins {
  const origins = new Map<string, string>();
  const put = (path: readonly string[], origin: string): void =>
    void origins.set(pathKey([...TEMPLATE, ...path]), origin);
  const whose = (setting: string): string | null => {
    if (!agent.set.has(setting)) return null;
    const isOwn = setting in agent.input || (setting.startsWith("resources.") && "resources" in agent.input);
    return isOwn ? `${setting} of the agent` : `${setting} of the policy's defaults`;
  };
  for (const [path, setting, inherited] of SETTINGS) {
    const origin =
      whose(setting) ?? (hostPod && inherited?.(hostPod) ? "Paperclip's own pod" : `default of ${setting}`);
    put(path, origin);
  }
  for (const field of ["labels", "annotations"] as const)
    for (const key of Object.keys(agent.config[field]))
      put(["metadata", field, key], whose(field) ?? `default of ${field}`);
  let before: unknown = made;
  for (const { field, template } of stages) {
    mark(before, template, [], (path) => put(path, field));
    before = template;
  }
  return origins;
}

/** Calls `changed` for each smallest place that differs. */
function mark(
  before: unknown,
  after: unknown,
  path: readonly string[],
  changed: (path: readonly string[]) => void,
): void {
  if (isDeepStrictEqual(before, after)) return;
  if (isPlain(before) && isPlain(after))
    for (const [key, value] of Object.entries(after)) mark(before[key], value, [...path, key], changed);
  else if (Array.isArray(before) && Array.isArray(after)) {
    const field = path.at(-1) ?? "";
    const old = new Map(before.map((item, index) => [itemKey(field, before, index), item]));
    for (const [index, item] of after.entries()) {
      const key = itemKey(field, after, index);
      mark(old.get(key), item, [...path, key], changed);
    }
  } else changed(path);
}
