/** `kubectl --as`: a request with another user's rights, for users who may `impersonate` that one. */
import type { IncomingHttpHeaders } from "node:http";
import { type Access, serviceAccountUser } from "./access.ts";
import { ApiError } from "./api-error.ts";
import type { User } from "./rbac.ts";

const AUTHENTICATED = "system:authenticated";
const UNAUTHENTICATED = "system:unauthenticated";

/** Whose rights count for the request. Throws 403 when `user` may not act for them. */
export function actingUser(headers: IncomingHttpHeaders, user: User, access: Access): User {
  const name = text(headers["impersonate-user"]);
  const groups = text(headers["impersonate-group"])
    .split(", ")
    .filter((group) => group !== "");
  const unknown = Object.keys(headers).find((key) => /^impersonate-(uid|extra-)/.test(key));
  // Nothing here asks for a user's uid or extra fields; to drop them in silence would be a lie.
  if (unknown !== undefined)
    throw new ApiError(501, "NotImplemented", `devcluster: the header ${unknown} is not implemented`);
  if (name === "") {
    if (groups.length === 0) return user;
    throw new ApiError(500, "InternalError", "Internal error occurred: groups were given without impersonating a user");
  }
  demandAll(user, name, groups, access);
  return resolved(name, groups);
}

function demandAll(user: User, name: string, groups: readonly string[], access: Access): void {
  const attributes = { verb: "impersonate", group: "", subresource: "", namespace: "" };
  const account = serviceAccount(name);
  access.demand(
    user,
    account === undefined
      ? { ...attributes, resource: "users", name }
      : { ...attributes, resource: "serviceaccounts", ...account },
  );
  for (const group of groups) access.demand(user, { ...attributes, resource: "groups", name: group });
}

/** The groups that a login would have given: those of a ServiceAccount unless others are named, and authenticated. */
function resolved(name: string, groups: readonly string[]): User {
  const account = serviceAccount(name);
  if (account !== undefined && groups.length === 0) return serviceAccountUser(account.namespace, account.name);
  const own = name === "system:anonymous" ? UNAUTHENTICATED : AUTHENTICATED;
  const settled = groups.includes(AUTHENTICATED) || groups.includes(UNAUTHENTICATED);
  return { name, groups: settled ? groups : [...groups, own] };
}

function serviceAccount(name: string): { namespace: string; name: string } | undefined {
  const [, namespace, account] = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(name) ?? [];
  return namespace === undefined || account === undefined ? undefined : { namespace, name: account };
}

/** A header that was sent several times arrives joined by a comma and a blank. */
function text(header: string | string[] | undefined): string {
  return Array.isArray(header) ? header.join(", ") : (header ?? "");
}
