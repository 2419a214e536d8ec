import { plain } from "../store/plain.ts";
import { type ApiError, badRequest } from "./api-error.ts";
import type { Answer } from "./request.ts";
import { apiVersionOf, type ResourceDefinition } from "./resources.ts";
import { metadataOf, tableFor, wantsMetadata, wantsTable } from "./table.ts";

/** An answer as HTTP has it: what remains is to write it. */
export interface WireAnswer {
  readonly code: number;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body: AsyncIterable<Uint8Array> | Uint8Array;
}

/** Puts an answer into the form the Accept header asks for: JSON, a Table, or metadata only. */
export function onWire(answer: Answer, accept: string | undefined, now: number): WireAnswer {
  switch (answer.kind) {
    case "object": {
      const { code, object, of } = answer;
      if (wantsTable(accept)) {
        return json(code, tableFor(of, [object], { resourceVersion: object.metadata.resourceVersion }, true, now));
      }
      return json(code, wantsMetadata(accept) ? metadataOf(object) : object);
    }
    case "list": {
      const { list, of } = answer;
      if (wantsTable(accept)) return json(200, tableFor(of, list.items, list.metadata, true, now));
      if (wantsMetadata(accept)) {
        const items = list.items.map(metadataOf);
        return json(200, {
          kind: "PartialObjectMetadataList",
          apiVersion: "meta.k8s.io/v1",
          metadata: list.metadata,
          items,
        });
      }
      return json(200, listOf(of, list.metadata, list.items));
    }
    case "json":
      return json(answer.code, answer.body, answer.contentType);
    case "text":
      return bytes(answer.code, Buffer.from(answer.text), "text/plain; charset=utf-8");
    case "bytes":
      return bytes(answer.code, answer.bytes, answer.contentType);
    case "exec":
      return errorOnWire(badRequest("Upgrade request required"));
    case "empty":
      return { code: answer.code, headers: {}, body: new Uint8Array() };
    case "stream":
      return {
        code: 200,
        headers: { "content-type": answer.contentType, ...answer.headers },
        body: answer.chunks,
      };
  }
}

export function errorOnWire(error: ApiError): WireAnswer {
  const wire = json(error.code, error.status);
  const seconds = plain(error.status.details).retryAfterSeconds;
  return seconds === undefined ? wire : { ...wire, headers: { ...wire.headers, "retry-after": String(seconds) } };
}

/** `Warning: 299 - "text"`, one header each. */
export function warningHeaders(warnings: readonly string[]): Record<string, readonly string[]> {
  if (warnings.length === 0) return {};
  const quoted = [...new Set(warnings)].map(
    (text) => `299 - "${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`,
  );
  return { warning: quoted };
}

function listOf(definition: ResourceDefinition, metadata: object, items: readonly object[]): object {
  // Items of a typed list carry neither kind nor apiVersion on the wire.
  const bare = items.map((item) => {
    const { kind: _, apiVersion: __, ...rest } = plain(item);
    return rest;
  });
  return { kind: `${definition.kind}List`, apiVersion: apiVersionOf(definition), metadata, items: bare };
}

function json(code: number, body: object, contentType = "application/json"): WireAnswer {
  return bytes(code, Buffer.from(`${JSON.stringify(body)}\n`), contentType);
}

function bytes(code: number, body: Uint8Array, contentType: string): WireAnswer {
  return { code, headers: { "content-type": contentType, "content-length": String(body.length) }, body };
}
