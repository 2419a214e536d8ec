import type { KubeObject } from "../types.ts";
import { enterQuotas } from "./admission/quota-race.ts";
import { createPastWebhooks } from "./admission/webhooks/create.ts";
import { badRequest } from "./api-error.ts";
import { decodeObject, isDryRun, parseBody } from "./decode.ts";
import { fromEventsV1 } from "./events.ts";
import { presented } from "./presented.ts";
import type { Answer, ApiContext, ResourceRequest } from "./request.ts";

/** POST to a collection. */
export async function create(request: ResourceRequest, context: ApiContext): Promise<Answer> {
  const { definition } = request.target;
  return createDecoded(decodeObject(parseBody(request), definition, request), request, context);
}

/** The second half, for server-side apply: the object is already at hand. */
export async function createDecoded(
  object: KubeObject,
  request: ResourceRequest,
  { store, extension }: ApiContext,
): Promise<Answer> {
  const { definition, namespace } = request.target;
  if (definition.namespaced) inNamespace(object, namespace);
  extension?.admitCreate(definition.name, object);
  const { warn, user } = request;
  const core = definition.name === "events" ? fromEventsV1(object) : object;
  const dryRun = isDryRun(request.query);
  const options = { dryRun, warn, username: user.name };
  const count = dryRun ? undefined : await enterQuotas(store, definition, namespace);
  count?.();
  const created = await createPastWebhooks(store, definition.name, core, options);
  return { kind: "object", code: 201, object: presented(definition, created), of: definition };
}

export function inNamespace(object: KubeObject, namespace: string): void {
  const given = object.metadata.namespace ?? "";
  if (given !== "" && given !== namespace) {
    throw badRequest("the namespace of the provided object does not match the namespace sent on the request");
  }
  object.metadata.namespace = namespace;
}
