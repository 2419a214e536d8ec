import { notFound } from "./api-error.ts";
import { presented } from "./presented.ts";
import type { ResourceRequest, Verb } from "./request.ts";

/** GET of one object; `pods/log` has a file of its own. */
export const read: Verb = (request: ResourceRequest, { store }) => {
  const { definition, namespace, name } = request.target;
  const object = store.get(definition.name, namespace, name);
  if (object === undefined) throw notFound(definition, name);
  return { kind: "object", code: 200, object: presented(definition, object), of: definition };
};
