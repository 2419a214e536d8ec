import type { Answer } from "./request.ts";
import { apiVersionOf, EVENTS_V1, RESOURCES, type ResourceDefinition } from "./resources.ts";

/** The version measured: what the devcluster does not know, it must not claim. */
const VERSION = {
  major: "1",
  minor: "36",
  gitVersion: "v1.36.2",
  gitCommit: "devcluster",
  gitTreeState: "clean",
  buildDate: "1970-01-01T00:00:00Z",
  goVersion: "none: this is a devcluster",
  compiler: "node",
  platform: `${process.platform}/${process.arch}`,
};

const REVIEW_KINDS: readonly { group: string; name: string; kind: string }[] = [
  { group: "authorization.k8s.io", name: "selfsubjectaccessreviews", kind: "SelfSubjectAccessReview" },
  { group: "authorization.k8s.io", name: "selfsubjectrulesreviews", kind: "SelfSubjectRulesReview" },
  { group: "authentication.k8s.io", name: "selfsubjectreviews", kind: "SelfSubjectReview" },
];

const VERBS = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];

/** Verbs and kinds of what hangs below an object. */
const SUBRESOURCES: Readonly<Record<string, { kind?: string; group?: string; version?: string; verbs: string[] }>> = {
  status: { verbs: ["get", "patch", "update"] },
  log: { verbs: ["get"] },
  exec: { kind: "PodExecOptions", verbs: ["create", "get"] },
  eviction: { kind: "Eviction", group: "policy", version: "v1", verbs: ["create"] },
  ephemeralcontainers: { verbs: ["get", "patch", "update"] },
  token: { kind: "TokenRequest", group: "authentication.k8s.io", version: "v1", verbs: ["create"] },
};

const json = (body: object): Answer => ({ kind: "json", code: 200, body });

/** What the server tells about itself; undefined for any other path. */
export function discovery(path: string, more: readonly ResourceDefinition[] = []): Answer | undefined {
  const parts = path.split("/").filter((part) => part !== "");
  if (path === "/version" || path === "/version/") return json(VERSION);
  if (["/healthz", "/livez", "/readyz"].includes(path)) return { kind: "text", code: 200, text: "ok" };
  if (parts[0] === "api" && parts.length === 1) {
    return json({ kind: "APIVersions", versions: ["v1"], serverAddressByClientCIDRs: [] });
  }
  if (parts[0] === "api" && parts.length === 2 && parts[1] === "v1") return json(resourceList(""));
  if (parts[0] !== "apis") return undefined;
  const [, group, version] = parts;
  const versions = new Map([
    ...groups().map((name) => [name, "v1"] as const),
    ...more.map((one) => [one.group, one.version] as const),
  ]);
  if (group === undefined) {
    const all = [...versions].map(([name, served]) => groupOf(name, served));
    return json({ kind: "APIGroupList", apiVersion: "v1", groups: all });
  }
  const served = versions.get(group);
  if (served === undefined) return undefined;
  if (version === undefined) return json({ kind: "APIGroup", apiVersion: "v1", ...groupOf(group, served) });
  return version === served && parts.length === 3 ? json(resourceList(group, served, more)) : undefined;
}

export function groups(): string[] {
  const named = [...RESOURCES, EVENTS_V1, ...REVIEW_KINDS].map(({ group }) => group).filter((group) => group !== "");
  return [...new Set(named)].sort();
}

function groupOf(name: string, served: string): object {
  const version = { groupVersion: `${name}/${served}`, version: served };
  return { name, versions: [version], preferredVersion: version };
}

function resourceList(group: string, version = "v1", more: readonly ResourceDefinition[] = []): object {
  const definitions = [...RESOURCES, EVENTS_V1, ...more].filter((definition) => definition.group === group);
  const reviews = REVIEW_KINDS.filter((review) => review.group === group).map(({ name, kind }) => ({
    name,
    singularName: kind.toLowerCase(),
    namespaced: false,
    kind,
    verbs: ["create"],
  }));
  return {
    kind: "APIResourceList",
    apiVersion: "v1",
    groupVersion: apiVersionOf({ group, version }),
    resources: [...definitions.flatMap(entries), ...reviews],
  };
}

function entries(definition: ResourceDefinition): object[] {
  const { name, singular, namespaced, kind, shortNames, categories, subresources } = definition;
  const whole = {
    name,
    singularName: singular,
    namespaced,
    kind,
    verbs: VERBS,
    ...(shortNames.length > 0 ? { shortNames } : {}),
    ...(categories.length > 0 ? { categories } : {}),
  };
  const parts = subresources.map((subresource) => {
    const { kind: own, ...rest } = SUBRESOURCES[subresource] ?? { verbs: ["get"] };
    return { name: `${name}/${subresource}`, singularName: "", namespaced, kind: own ?? kind, ...rest };
  });
  return [whole, ...parts];
}
