import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ResourceDefinition } from "./resources.ts";

/** A field as the official API description has it; @kubernetes/client-node is generated from it (release 1.36). */
export interface ModelField {
  readonly name: string;
  readonly type: FieldType;
}

export type FieldType =
  | {
      readonly kind: "scalar";
      readonly type: "string" | "boolean" | "int32" | "int64" | "date" | "int-or-string" | "any";
    }
  | { readonly kind: "model"; readonly model: string }
  | { readonly kind: "array"; readonly of: FieldType }
  | { readonly kind: "map"; readonly of: FieldType };

interface Attribute {
  readonly baseName: string;
  readonly type: string;
  readonly format: string;
}

const require = createRequire(import.meta.url);
export const MODELS_FOLDER = join(dirname(fileURLToPath(import.meta.resolve("@kubernetes/client-node"))), "gen/models");
const cache = new Map<string, ReadonlyMap<string, ModelField>>();

/** The fields of one model such as `V1PodSpec`, by name. */
export function fieldsOf(model: string): ReadonlyMap<string, ModelField> {
  let fields = cache.get(model);
  if (fields === undefined) {
    const { attributeTypeMap } = require(join(MODELS_FOLDER, `${model}.js`))[model] as {
      attributeTypeMap: Attribute[];
    };
    fields = new Map(
      attributeTypeMap.map(({ baseName, type, format }) => [baseName, { name: baseName, type: parse(type, format) }]),
    );
    cache.set(model, fields);
  }
  return fields;
}

export function modelOf({ kind, group }: Pick<ResourceDefinition, "kind" | "group">): string {
  if (kind === "Event") return group === "" ? "CoreV1Event" : "EventsV1Event";
  return `V1${kind}`;
}

function parse(type: string, format: string): FieldType {
  const array = /^Array<(.*)>$/.exec(type);
  if (array !== null) return { kind: "array", of: parse(array[1] ?? "any", format) };
  const map = /^\{ \[key: string\]: (.*); \}$/.exec(type);
  if (map !== null) return { kind: "map", of: parse(map[1] ?? "any", format) };
  switch (type) {
    case "string":
    case "boolean":
      return { kind: "scalar", type };
    case "number":
      return { kind: "scalar", type: format === "int64" ? "int64" : "int32" };
    case "Date":
    case "V1MicroTime":
      return { kind: "scalar", type: "date" };
    case "IntOrString":
      return { kind: "scalar", type: "int-or-string" };
    case "any":
    case "object":
      return { kind: "scalar", type: "any" };
    default:
      return { kind: "model", model: type };
  }
}
