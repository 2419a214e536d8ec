import { isPlain, plain } from "../store/plain.ts";
import type { DeleteOptions, KubeObject } from "../types.ts";
import { ApiError, notFound } from "./api-error.ts";
import { parseBody } from "./decode.ts";
import { presented } from "./presented.ts";
import type { Answer, ApiContext, ResourceRequest } from "./request.ts";
import type { ResourceDefinition } from "./resources.ts";
import { selection } from "./selectors.ts";

type Options = DeleteOptions & { readonly dryRun?: boolean };

/** DELETE of one object. */
export function remove(request: ResourceRequest, { store }: ApiContext): Answer {
  const { definition, namespace, name } = request.target;
  const current = store.get(definition.name, namespace, name);
  if (current === undefined) throw notFound(definition, name);
  const options = deleteOptions(request);
  const left = store.delete(definition.name, namespace, name, options) ?? current;
  const gone = options.dryRun === true || store.get(definition.name, namespace, name) === undefined;
  if (!gone || RETURNS_OBJECT.has(definition.name)) {
    return { kind: "object", code: 200, object: presented(definition, left), of: definition };
  }
  return { kind: "json", code: 200, body: success(definition, current) };
}

/** The registries that answer with the object even when it is gone. */
const RETURNS_OBJECT: ReadonlySet<string> = new Set(["pods", "serviceaccounts", "persistentvolumeclaims"]);

/** DELETE of a collection: everything that the selectors pick. */
export function removeCollection(request: ResourceRequest, { store }: ApiContext): Answer {
  const { definition, namespace } = request.target;
  const options = deleteOptions(request);
  const picked = store
    .list(definition.name, namespace)
    .filter(selection(definition.name, request.query, request.target));
  for (const { metadata } of picked) store.delete(definition.name, metadata.namespace ?? "", metadata.name, options);
  return {
    kind: "list",
    of: definition,
    list: {
      items: picked.map((object) => presented(definition, object)),
      metadata: { resourceVersion: store.resourceVersion },
    },
  };
}

function success(definition: ResourceDefinition, { metadata }: KubeObject): object {
  const { group, name: kind } = definition;
  const details = { name: metadata.name, ...(group === "" ? {} : { group }), kind, uid: metadata.uid };
  return { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", details };
}

/** From the body, or from the query when there is none: a client may use either. */
export function deleteOptions(request: Pick<ResourceRequest, "body" | "headers" | "query">): Options {
  const parsed = request.body.length === 0 ? {} : parseBody(request);
  const body = isPlain(parsed) ? parsed : {};
  const { query } = request;
  const policy = body.propagationPolicy ?? query.get("propagationPolicy") ?? undefined;
  const orphan =
    body.orphanDependents ?? (query.has("orphanDependents") ? query.get("orphanDependents") === "true" : undefined);
  const grace =
    body.gracePeriodSeconds ?? (query.has("gracePeriodSeconds") ? Number(query.get("gracePeriodSeconds")) : undefined);
  if (policy !== undefined && policy !== "Background" && policy !== "Foreground" && policy !== "Orphan") {
    const message = `DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: Unsupported value: "${policy}": supported values: "Background", "Foreground", "Orphan"`;
    throw new ApiError(422, "Invalid", message);
  }
  const { uid, resourceVersion } = plain(body.preconditions);
  const dryRun = [...query.getAll("dryRun"), ...(Array.isArray(body.dryRun) ? body.dryRun : [])].includes("All");
  const implied = orphan === undefined ? undefined : orphan === true ? "Orphan" : "Background";
  const propagationPolicy = policy ?? implied;
  return {
    ...(propagationPolicy === undefined ? {} : { propagationPolicy }),
    ...(typeof grace === "number" ? { gracePeriodSeconds: grace } : {}),
    preconditions: {
      ...(typeof uid === "string" ? { uid } : {}),
      ...(typeof resourceVersion === "string" ? { resourceVersion } : {}),
    },
    dryRun,
  };
}
