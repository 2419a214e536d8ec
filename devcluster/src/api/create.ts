import type { KubeObject } from "../types.ts";
import { badRequest } from "./api-error.ts";
import { decodeObject, isDryRun, parseBody } from "./decode.ts";
import { fromEventsV1 } from "./events.ts";
import { presented } from "./presented.ts";
import type { Answer, ApiContext, ResourceRequest } from "./request.ts";

/** POST to a collection. */
export function create(request: ResourceRequest, context: ApiContext): Answer {
  const { definition } = request.target;
  return createDecoded(decodeObject(parseBody(request), definition, request), request, context);
}

/** The second half, for server-side apply: the object is already at hand. */
export function createDecoded(object: KubeObject, request: ResourceRequest, { store }: ApiContext): Answer {
  const { definition, namespace } = request.target;
  if (definition.namespaced) inNamespace(object, namespace);
  const { warn } = request;
  const created = store.create(definition.name, definition.name === "events" ? fromEventsV1(object) : object, {
    dryRun: isDryRun(request.query),
    warn,
  });
  return { kind: "object", code: 201, object: presented(definition, created), of: definition };
}

export function inNamespace(object: KubeObject, namespace: string): void {
  const given = object.metadata.namespace ?? "";
  if (given !== "" && given !== namespace) {
    throw badRequest("the namespace of the provided object does not match the namespace sent on the request");
  }
  object.metadata.namespace = namespace;
}
