import { MERGE_KEYS, SETS } from "../../../../strategic-merge/strategic-merge.ts";
import { type FieldType, fieldsOf, modelOf } from "../models.ts";
import { EVENTS_V1, RESOURCES, type ResourceDefinition } from "../resources.ts";
import { describe } from "./descriptions.ts";

/** The part of JSON schema that Kubernetes' descriptions use. */
export interface Schema {
  $ref?: string;
  type?: string;
  format?: string;
  description?: string;
  required?: string[];
  items?: Schema;
  additionalProperties?: Schema;
  properties?: Record<string, Schema>;
  "x-kubernetes-group-version-kind"?: { group: string; version: string; kind: string }[];
  "x-kubernetes-patch-merge-key"?: string;
  "x-kubernetes-patch-strategy"?: string;
}

/** Where the schemas live in the document: the two versions of OpenAPI differ in that. */
export type RefPrefix = "#/definitions/" | "#/components/schemas/";

/** Schemas of the kinds of one group (all groups when undefined) and of whatever they use, by their full names. */
export function schemasOf(group: string | undefined, prefix: RefPrefix): Map<string, Schema> {
  const out = new Map<string, Schema>();
  const definitions = [...RESOURCES, EVENTS_V1].filter((it) => group === undefined || it.group === group);
  for (const definition of definitions) add(modelOf(definition), prefix, out);
  for (const definition of definitions) {
    const { group: own, version, kind } = definition;
    const schema = out.get(schemaName(modelOf(definition)));
    if (schema !== undefined) schema["x-kubernetes-group-version-kind"] = [{ group: own, version, kind }];
  }
  return out;
}

/** Clients show what follows the last dot as the type's name. */
export function schemaName(model: string): string {
  return `io.k8s.api.${model.startsWith("Events") ? "events." : ""}v1.${model.replace(/^(Core|Events)?V1/, "")}`;
}

export function schemaNameOf(definition: ResourceDefinition): string {
  return schemaName(modelOf(definition));
}

function add(model: string, prefix: RefPrefix, out: Map<string, Schema>): void {
  const name = schemaName(model);
  if (out.has(name)) return;
  const texts = describe(model);
  const schema: Schema = { type: "object", description: texts.description, properties: {} };
  out.set(name, schema);
  const required: string[] = [];
  for (const field of fieldsOf(model).values()) {
    const text = texts.fields.get(field.name);
    if (text?.required === true) required.push(field.name);
    schema.properties = {
      ...schema.properties,
      [field.name]: {
        ...schemaOf(field.type, prefix, out),
        ...mergeHints(field.name, field.type),
        description: text?.description ?? "",
      },
    };
  }
  if (required.length > 0) schema.required = required;
}

function schemaOf(type: FieldType, prefix: RefPrefix, out: Map<string, Schema>): Schema {
  switch (type.kind) {
    case "array":
      return { type: "array", items: schemaOf(type.of, prefix, out) };
    case "map":
      return { type: "object", additionalProperties: schemaOf(type.of, prefix, out) };
    case "model":
      add(type.model, prefix, out);
      return { $ref: `${prefix}${schemaName(type.model)}` };
    case "scalar":
      return SCALARS[type.type];
  }
}

const SCALARS: Readonly<Record<Extract<FieldType, { kind: "scalar" }>["type"], Schema>> = {
  string: { type: "string" },
  boolean: { type: "boolean" },
  int32: { type: "integer", format: "int32" },
  int64: { type: "integer", format: "int64" },
  date: { type: "string", format: "date-time" },
  "int-or-string": { type: "string", format: "int-or-string" },
  any: { type: "object" },
};

/** Models that have a list of that name which merges by another key, or not at all. */
const OTHERWISE: Readonly<Record<string, string | undefined>> = {
  V1ServicePort: "port",
  V1NetworkPolicyPort: undefined,
  V1EndpointPort: undefined,
};

const mergeKey = (name: string, model: string): string | undefined =>
  Object.hasOwn(OTHERWISE, model) ? OTHERWISE[model] : MERGE_KEYS[name];

function mergeHints(name: string, type: FieldType): Schema {
  if (type.kind !== "array") return {};
  const key = type.of.kind === "model" ? mergeKey(name, type.of.model) : undefined;
  if (SETS.has(name)) return { "x-kubernetes-patch-strategy": "merge" };
  if (key === undefined) return {};
  return { "x-kubernetes-patch-merge-key": key, "x-kubernetes-patch-strategy": "merge" };
}
