import { clone, plain } from "../store/plain.ts";
import type { KubeObject, ObjectMeta } from "../types.ts";
import { badRequest, conflict, invalid } from "./api-error.ts";
import { inNamespace } from "./create.ts";
import { decodeObject, isDryRun, parseBody } from "./decode.ts";
import { fromEventsV1 } from "./events.ts";
import { presented } from "./presented.ts";
import type { Answer, ApiContext, ResourceRequest } from "./request.ts";

/** PUT of an object or of its status. */
export function update(request: ResourceRequest, context: ApiContext): Answer {
  const { definition } = request.target;
  const decoded = decodeObject(parseBody(request), definition, request);
  return replace(request, context, () => decoded);
}

/** Replaces the object by what `next` makes of the current one; shared with patch. */
export function replace(
  request: ResourceRequest,
  { store, extension }: ApiContext,
  next: (current: KubeObject) => KubeObject,
): Answer {
  const { definition, namespace, name, subresource } = request.target;
  const written = store.update(
    definition.name,
    namespace,
    name,
    (draft, current) => {
      const wanted = next(presented(definition, current));
      if (wanted.metadata.name !== name) {
        const given = wanted.metadata.name ?? "";
        throw badRequest(`the name of the object (${given}) does not match the name on the URL (${name})`);
      }
      if (definition.namespaced) inNamespace(wanted, namespace);
      checkIdentity(wanted, current, request);
      if (subresource === "") extension?.admitUpdate(definition.name, wanted, current);
      const core = definition.name === "events" ? fromEventsV1(wanted) : wanted;
      overwrite(draft, core, current, definition.subresources.includes("status") ? subresource : undefined);
    },
    { dryRun: isDryRun(request.query), warn: request.warn, ...(subresource === "" ? {} : { subresource }) },
  );
  return { kind: "object", code: 200, object: presented(definition, written), of: definition };
}

/** Optimistic concurrency: a client that names a resourceVersion or uid means that very object. */
function checkIdentity(wanted: KubeObject, current: KubeObject, { target }: ResourceRequest): void {
  const { uid, resourceVersion } = wanted.metadata;
  if (!resourceVersion && target.definition.name === "leases") {
    const message = 'Invalid value: "": must be specified for an update';
    throw invalid(target.definition, target.name, [
      { field: "metadata.resourceVersion", reason: "FieldValueInvalid", message },
    ]);
  }
  if (uid && uid !== current.metadata.uid) {
    const why = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${current.metadata.uid}`;
    throw conflict(target.definition, target.name, why);
  }
  if (resourceVersion && resourceVersion !== current.metadata.resourceVersion) {
    throw conflict(target.definition, target.name);
  }
}

/** `part` is undefined for resources without a status of their own: then everything is the client's. */
function overwrite(draft: KubeObject, wanted: KubeObject, current: KubeObject, part: string | undefined): void {
  if (part === "ephemeralcontainers") {
    const { ephemeralContainers } = plain(wanted.spec);
    draft.spec = { ...plain(draft.spec), ephemeralContainers: clone(ephemeralContainers) };
    return;
  }
  const metadata = metadataFrom(wanted.metadata, current.metadata);
  for (const key of Object.keys(draft)) delete draft[key];
  Object.assign(draft, clone(part === "status" ? current : wanted), { metadata });
  const statusFrom = part === "status" ? wanted : current;
  if (part !== undefined) {
    if (statusFrom.status === undefined) delete draft.status;
    else draft.status = clone(statusFrom.status);
  }
  draft.apiVersion = current.apiVersion;
  draft.kind = current.kind;
}

/** What the server owns stays; labels, annotations, finalizers and owners are the client's. */
function metadataFrom(wanted: ObjectMeta, current: ObjectMeta): ObjectMeta {
  const { labels, annotations, finalizers, ownerReferences } = clone(wanted);
  const { labels: _, annotations: __, finalizers: ___, ownerReferences: ____, ...owned } = clone(current);
  return {
    ...owned,
    ...(labels === undefined ? {} : { labels }),
    ...(annotations === undefined ? {} : { annotations }),
    ...(finalizers === undefined ? {} : { finalizers }),
    ...(ownerReferences === undefined ? {} : { ownerReferences }),
  };
}
