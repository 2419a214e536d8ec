import { list, plain } from "../store/plain.ts";
import type { KubeObject, Store } from "../types.ts";

export interface User {
  readonly name: string;
  readonly groups: readonly string[];
}

/** What somebody wants to do; for a path outside the resources `path` is set. */
export interface Attributes {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource: string;
  readonly name: string;
  readonly namespace: string;
  readonly path?: string;
}

export interface PolicyRule {
  readonly verbs: readonly string[];
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames: readonly string[];
  readonly nonResourceURLs: readonly string[];
}

interface Granted {
  readonly rules: readonly PolicyRule[];
  readonly reason: string;
}

/** What every authenticated client may do in a real cluster (system:discovery, system:basic-user). */
const EVERYBODY: readonly PolicyRule[] = [
  {
    verbs: ["create"],
    apiGroups: ["authorization.k8s.io"],
    resources: ["selfsubjectaccessreviews", "selfsubjectrulesreviews"],
    resourceNames: [],
    nonResourceURLs: [],
  },
  {
    verbs: ["create"],
    apiGroups: ["authentication.k8s.io"],
    resources: ["selfsubjectreviews"],
    resourceNames: [],
    nonResourceURLs: [],
  },
  {
    verbs: ["get"],
    apiGroups: [],
    resources: [],
    resourceNames: [],
    nonResourceURLs: ["/api", "/api/*", "/apis", "/apis/*", "/openapi", "/openapi/*"],
  },
];

/** What even an anonymous client may read (system:public-info-viewer). */
const ANYBODY: readonly PolicyRule[] = [
  {
    verbs: ["get"],
    apiGroups: [],
    resources: [],
    resourceNames: [],
    nonResourceURLs: ["/version", "/version/", "/healthz", "/livez", "/readyz"],
  },
];

type Roles = Pick<Store, "get" | "list">;

export function grantFor(store: Roles, user: User, attributes: Attributes): { reason: string } | undefined {
  for (const { rules, reason } of granted(store, user, attributes.namespace)) {
    if (rules.some((rule) => covers(rule, attributes))) return { reason };
  }
  return undefined;
}

export function rulesFor(store: Roles, user: User, namespace: string): readonly PolicyRule[] {
  return granted(store, user, namespace).flatMap(({ rules }) => rules);
}

function granted(store: Roles, user: User, namespace: string): readonly Granted[] {
  const out: Granted[] = [{ rules: ANYBODY, reason: "" }];
  if (user.groups.includes("system:authenticated")) out.push({ rules: EVERYBODY, reason: "" });
  const cluster = store.list("clusterrolebindings");
  const local = namespace === "" ? [] : store.list("rolebindings", namespace);
  for (const binding of [...cluster, ...local]) {
    const subject = list(binding.subjects)
      .map(plain)
      .find((candidate) => isSubject(candidate, user, binding));
    const ref = plain(binding.roleRef);
    const name = String(ref.name);
    const role =
      ref.kind === "ClusterRole"
        ? store.get("clusterroles", "", name)
        : store.get("roles", binding.metadata.namespace ?? "", name);
    if (subject === undefined || role === undefined) continue;
    out.push({ rules: policyRules(role), reason: reasonOf(binding, ref, subject) });
  }
  return out;
}

function reasonOf(binding: KubeObject, ref: Record<string, unknown>, subject: Record<string, unknown>): string {
  const { name, namespace } = binding.metadata;
  const where = namespace === undefined ? name : `${name}/${namespace}`;
  const who = subject.namespace === undefined ? subject.name : `${subject.name}/${subject.namespace}`;
  return `RBAC: allowed by ${binding.kind} "${where}" of ${ref.kind} "${ref.name}" to ${subject.kind} "${who}"`;
}

function isSubject(subject: Record<string, unknown>, user: User, binding: KubeObject): boolean {
  if (subject.kind === "User") return subject.name === user.name;
  if (subject.kind === "Group") return user.groups.includes(String(subject.name));
  const namespace = subject.namespace ?? binding.metadata.namespace;
  return subject.kind === "ServiceAccount" && user.name === `system:serviceaccount:${namespace}:${subject.name}`;
}

function covers(rule: PolicyRule, attributes: Attributes): boolean {
  const has = (values: readonly string[], value: string): boolean => values.includes("*") || values.includes(value);
  if (!has(rule.verbs, attributes.verb)) return false;
  const { path } = attributes;
  if (path !== undefined) {
    return rule.nonResourceURLs.some((url) => url === path || (url.endsWith("*") && path.startsWith(url.slice(0, -1))));
  }
  const { resource, subresource } = attributes;
  const full = subresource === "" ? resource : `${resource}/${subresource}`;
  const named = rule.resourceNames.length === 0 || rule.resourceNames.includes(attributes.name);
  const whole = rule.resources.includes("*") || rule.resources.includes(full);
  const anySub = subresource !== "" && rule.resources.includes(`*/${subresource}`);
  return named && has(rule.apiGroups, attributes.group) && (whole || anySub);
}

/** The rules of a stored Role, in the wire's form. */
export function policyRules(role: KubeObject): readonly PolicyRule[] {
  return list(role.rules).map((rule) => {
    const strings = (field: string): string[] => list(plain(rule)[field]).map(String);
    return {
      verbs: strings("verbs"),
      apiGroups: strings("apiGroups"),
      resources: strings("resources"),
      resourceNames: strings("resourceNames"),
      nonResourceURLs: strings("nonResourceURLs"),
    };
  });
}
