import jsonPatch, { type Operation } from "fast-json-patch";
import { MergeError, strategicMerge } from "../../../strategic-merge/strategic-merge.ts";
import { clone, isPlain, type Plain } from "../store/plain.ts";
import type { KubeObject } from "../types.ts";
import { ApiError, badRequest, notFound } from "./api-error.ts";
import { createDecoded } from "./create.ts";
import { decodeObject, parseBody } from "./decode.ts";
import { mergePatch } from "./merge-patch.ts";
import type { Answer, ApiContext, ResourceRequest } from "./request.ts";
import { replace } from "./update.ts";

const KINDS = [
  "application/json-patch+json",
  "application/merge-patch+json",
  "application/strategic-merge-patch+json",
  "application/apply-patch+yaml",
];

/** PATCH in its four kinds. */
export async function patch(request: ResourceRequest, context: ApiContext): Promise<Answer> {
  const type = (request.headers["content-type"] ?? "").split(";")[0]?.trim() ?? "";
  if (!KINDS.includes(type)) {
    const message = `the body of the request was in an unknown format - accepted media types include: ${KINDS.join(", ")}`;
    throw new ApiError(415, "UnsupportedMediaType", message);
  }
  const body = parseBody(request);
  if (type === "application/apply-patch+yaml") return apply(body, request, context);
  const { definition } = request.target;
  return replace(request, context, (current) => {
    const before = clone(current) as unknown as Plain;
    return decodeObject(patched(type, before, body, request), definition, request);
  });
}

function patched(type: string, before: Plain, body: unknown, { target }: ResourceRequest): unknown {
  if (type === "application/json-patch+json") {
    if (!Array.isArray(body)) throw badRequest("json: cannot unmarshal object into Go value of type jsonpatch.Patch");
    try {
      return jsonPatch.applyPatch(before, body as Operation[], true).newDocument;
    } catch (error) {
      const why = error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error);
      throw new ApiError(422, "Invalid", `the server rejected our request due to an error in our request: ${why}`, {
        name: target.name,
        kind: target.definition.name,
      });
    }
  }
  if (!isPlain(body)) throw badRequest("json: cannot unmarshal array into Go value of type map[string]interface {}");
  return type === "application/merge-patch+json" ? mergePatch(before, body) : merged(before, body);
}

function merged(before: Plain, body: Plain): Plain {
  try {
    return strategicMerge(before, body);
  } catch (error) {
    // The server knows no status for it (`interpretStrategicMergePatchError`).
    if (error instanceof MergeError) throw new ApiError(500, "", error.message);
    throw error;
  }
}

/**
 * Server-side apply, treated plainly: no field is owned, so nothing conflicts and nothing that a later apply leaves
 * out is removed.
 */
async function apply(body: unknown, request: ResourceRequest, context: ApiContext): Promise<Answer> {
  const { definition, namespace, name, subresource } = request.target;
  if ((request.query.get("fieldManager") ?? "") === "") {
    const message = 'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch';
    throw new ApiError(422, "Invalid", message);
  }
  if (!isPlain(body)) throw badRequest("the body of an apply patch is not an object");
  if (context.store.get(definition.name, namespace, name) === undefined) {
    if (subresource !== "") throw notFound(definition, name);
    const object = decodeObject(body, definition, request);
    object.metadata.name ||= name;
    return createDecoded(object, request, context);
  }
  return replace(request, context, (current) => {
    const before = clone(current) as unknown as Plain;
    return decodeObject(merged(before, body), definition, request) as KubeObject;
  });
}
