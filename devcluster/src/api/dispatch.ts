import { ApiError } from "./api-error.ts";
import { create } from "./create.ts";
import { discovery, groups } from "./discovery.ts";
import { evict } from "./eviction.ts";
import { exec } from "./exec.ts";
import type { ExtensionAttributes } from "./extension.ts";
import { list } from "./list.ts";
import { log } from "./log.ts";
import { openApi } from "./openapi/index.ts";
import { patch } from "./patch.ts";
import { read } from "./read.ts";
import { remove, removeCollection } from "./remove.ts";
import type { Answer, ApiContext, ApiRequest, ResourceRequest, Verb } from "./request.ts";
import { issueToken, REVIEWS } from "./reviews.ts";
import { parseTarget, type Target } from "./target.ts";
import { update } from "./update.ts";
import { wantsWatch, watch } from "./watch.ts";

/** From a path and a method to the verb that answers, through authorization. */
export async function dispatch(request: ApiRequest, context: ApiContext): Promise<Answer> {
  const { path, method, user } = request;
  const { extension } = context;
  const target = parseTarget(path, extension?.resources);
  if (target !== undefined) return resource({ ...request, target }, context);
  const review = REVIEWS[path];
  if (review !== undefined && method === "POST") {
    const [, , group = "", , name = ""] = path.split("/");
    const attributes = { verb: "create", group, resource: name, subresource: "", name: "", namespace: "" };
    context.access.demand(user, attributes);
    return review(request, context);
  }
  const demand = (attributes: ExtensionAttributes): void => context.access.demand(user, { verb: "get", ...attributes });
  const extended = method === "GET" ? extension?.answer(path, demand) : undefined;
  if (extended !== undefined) return { kind: "json", code: 200, body: extended };
  const verb = method === "POST" ? "post" : method.toLowerCase();
  context.access.demand(user, { verb, group: "", resource: "", subresource: "", name: "", namespace: "", path });
  const answer =
    method === "GET" ? (discovery(path, extension?.resources) ?? openApi(path, request.headers.accept)) : undefined;
  return answer ?? unserved(path);
}

/** As recorded on 1.36: only the API server's own groups answer with a Status, whatever is asked of them. */
function unserved(path: string): Answer {
  const [, prefix, group = ""] = path.split("/");
  if (prefix === "api" || (prefix === "apis" && groups().includes(group)))
    throw new ApiError(404, "NotFound", "the server could not find the requested resource", {});
  return { kind: "text", code: 404, text: "404 page not found\n" };
}

async function resource(request: ResourceRequest, context: ApiContext): Promise<Answer> {
  const { target, method, user } = request;
  const found = verbFor(request);
  if (found === undefined) {
    const message = "the server does not allow this method on the requested resource";
    throw new ApiError(405, "MethodNotAllowed", message, {});
  }
  const { definition, namespace, name, subresource } = target;
  const scope = definition.name === "namespaces" ? name : namespace;
  const attributes = { group: definition.group, resource: definition.name, subresource, name, namespace: scope };
  context.access.demand(user, { verb: found.name, ...attributes });
  return method === "HEAD" ? { kind: "empty", code: 200 } : await found.run(request, context);
}

interface NamedVerb {
  /** As RBAC calls it. */
  readonly name: string;
  readonly run: Verb;
}

function verbFor(request: ResourceRequest): NamedVerb | undefined {
  const { target, method } = request;
  if (target.subresource !== "" && target.subresource !== "status") return subresourceVerb(target, method);
  const single = target.name !== "";
  switch (method) {
    case "GET":
      if (wantsWatch(request)) return { name: "watch", run: watch };
      return single ? { name: "get", run: read } : { name: "list", run: list };
    case "POST":
      return single ? undefined : { name: "create", run: create };
    case "PUT":
      return single ? { name: "update", run: update } : undefined;
    case "PATCH":
      return single ? { name: "patch", run: patch } : undefined;
    case "DELETE":
      if (target.subresource !== "") return undefined;
      return single ? { name: "delete", run: remove } : { name: "deletecollection", run: removeCollection };
    default:
      return undefined;
  }
}

function subresourceVerb({ subresource }: Target, method: string): NamedVerb | undefined {
  if (subresource === "log" && method === "GET") return { name: "get", run: log };
  // A WebSocket opens with GET, SPDY with POST.
  if (subresource === "exec" && method === "GET") return { name: "get", run: exec };
  if (subresource === "exec" && method === "POST") return { name: "create", run: exec };
  if (subresource === "eviction" && method === "POST") return { name: "create", run: evict };
  if (subresource === "ephemeralcontainers") {
    if (method === "GET") return { name: "get", run: read };
    if (method === "PATCH") return { name: "patch", run: patch };
    if (method === "PUT") return { name: "update", run: update };
  }
  if (subresource === "token" && method === "POST") return { name: "create", run: issueToken };
  return undefined;
}
