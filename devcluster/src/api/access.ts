import { randomBytes } from "node:crypto";
import type { Clock, Store } from "../types.ts";
import { ApiError } from "./api-error.ts";
import { type Attributes, grantFor, type PolicyRule, rulesFor, type User } from "./rbac.ts";

export const ADMIN: User = { name: "devcluster-admin", groups: ["system:masters", "system:authenticated"] };
const ANONYMOUS: User = { name: "system:anonymous", groups: ["system:unauthenticated"] };

/** Who a token is, and what they may do: RBAC as the stored roles and bindings say. */
export interface Access {
  readonly adminToken: string;
  /** Throws 401 for a token nobody was given; no token at all is `system:anonymous`. */
  authenticate(authorization: string | undefined): User;
  /** A bearer token of a ServiceAccount. Lifetime in seconds, default 3600. */
  issueToken(namespace: string, name: string, lifetime?: number): { token: string; expires: number };
  /** Undefined when refused; else why it is allowed. */
  allows(user: User, attributes: Attributes): { reason: string } | undefined;
  /** Throws the 403 of a real API server. */
  demand(user: User, attributes: Attributes): void;
  rules(user: User, namespace: string): readonly PolicyRule[];
}

export function serviceAccountUser(namespace: string, name: string): User {
  return {
    name: `system:serviceaccount:${namespace}:${name}`,
    groups: ["system:serviceaccounts", `system:serviceaccounts:${namespace}`, "system:authenticated"],
  };
}

export function createAccess(store: Pick<Store, "get" | "list">, clock: Clock): Access {
  const adminToken = randomBytes(24).toString("base64url");
  const tokens = new Map<string, { user: User; expires: number }>([
    [adminToken, { user: ADMIN, expires: Number.POSITIVE_INFINITY }],
  ]);
  const allows: Access["allows"] = (user, attributes) => {
    if (user.groups.includes("system:masters")) return { reason: "" };
    return grantFor(store, user, attributes);
  };
  return {
    adminToken,
    authenticate(authorization) {
      if (authorization === undefined) return ANONYMOUS;
      const known = tokens.get(authorization.replace(/^Bearer\s+/i, ""));
      if (known === undefined || known.expires <= clock()) throw new ApiError(401, "Unauthorized", "Unauthorized");
      return known.user;
    },
    issueToken(namespace, name, lifetime = 3600) {
      const token = randomBytes(24).toString("base64url");
      const expires = clock() + lifetime * 1000;
      tokens.set(token, { user: serviceAccountUser(namespace, name), expires });
      return { token, expires };
    },
    allows,
    demand(user, attributes) {
      if (allows(user, attributes) === undefined) throw denied(user, attributes);
    },
    rules(user, namespace) {
      if (!user.groups.includes("system:masters")) return rulesFor(store, user, namespace);
      return [{ verbs: ["*"], apiGroups: ["*"], resources: ["*"], resourceNames: [], nonResourceURLs: ["*"] }];
    },
  };
}

function denied(user: User, attributes: Attributes): ApiError {
  const { verb, group, resource, subresource, name, namespace, path } = attributes;
  if (path !== undefined) {
    return new ApiError(403, "Forbidden", `forbidden: User "${user.name}" cannot ${verb} path "${path}"`, {});
  }
  const plural = group === "" ? resource : `${resource}.${group}`;
  const subject = name === "" ? plural : `${plural} "${name}"`;
  const full = subresource === "" ? resource : `${resource}/${subresource}`;
  const where = namespace === "" ? "at the cluster scope" : `in the namespace "${namespace}"`;
  const why = `User "${user.name}" cannot ${verb} resource "${full}" in API group "${group}" ${where}`;
  return new ApiError(403, "Forbidden", `${subject} is forbidden: ${why}`, {
    ...(name === "" ? {} : { name }),
    ...(group === "" ? {} : { group }),
    kind: resource,
  });
}
