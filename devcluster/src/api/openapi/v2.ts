import { join, message, text } from "./protobuf-writer.ts";
import { type Schema, schemasOf } from "./schemas.ts";

/** kubectl before 1.27 knows only this form, and only as protocol buffers (gnostic's openapi.v2.Document). */
export const V2_PROTOBUF = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf";
/** Asked for with an @, which is no valid media type, so answered without. */
export const V2_RETURNED = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";

const PREFIX = "#/definitions/";

export function documentV2(): object {
  return {
    swagger: "2.0",
    info: { title: "Kubernetes (devcluster)", version: "v1.36.2" },
    paths: {},
    definitions: Object.fromEntries(schemasOf(undefined, PREFIX)),
  };
}

export function documentV2Protobuf(): Uint8Array {
  const info = join(text(1, "Kubernetes (devcluster)"), text(2, "v1.36.2"));
  const definitions = [...schemasOf(undefined, PREFIX)].map(([name, schema]) => message(1, named(name, schema)));
  return join(text(1, "2.0"), message(2, info), message(8, new Uint8Array()), message(9, join(...definitions)));
}

/** NamedSchema. */
function named(name: string, schema: Schema): Uint8Array {
  return join(text(1, name), message(2, encode(schema)));
}

/** Schema; the numbers are those of gnostic's OpenAPIv2.proto. */
function encode(schema: Schema): Uint8Array {
  const { additionalProperties, items, properties, required = [], type } = schema;
  return join(
    text(1, schema.$ref),
    text(2, schema.format),
    text(4, schema.description),
    ...required.map((name) => text(19, name)),
    additionalProperties === undefined ? join() : message(21, message(1, encode(additionalProperties))),
    type === undefined ? join() : message(22, text(1, type)),
    items === undefined ? join() : message(23, message(1, encode(items))),
    properties === undefined
      ? join()
      : message(25, join(...Object.entries(properties).map(([name, child]) => message(1, named(name, child))))),
    ...extensions(schema).map(([name, yaml]) => message(31, join(text(1, name), message(2, text(2, yaml))))),
  );
}

/** Vendor extensions travel as YAML. */
function extensions(schema: Schema): [string, string][] {
  const out: [string, string][] = [];
  const kinds = schema["x-kubernetes-group-version-kind"];
  if (kinds !== undefined) out.push(["x-kubernetes-group-version-kind", JSON.stringify(kinds)]);
  for (const name of ["x-kubernetes-patch-merge-key", "x-kubernetes-patch-strategy"] as const) {
    const value = schema[name];
    if (value !== undefined) out.push([name, JSON.stringify(value)]);
  }
  return out;
}
