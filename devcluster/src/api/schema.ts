import { isPlain, type Plain } from "../store/plain.ts";
import { badRequest } from "./api-error.ts";
import { type FieldType, fieldsOf, modelOf } from "./models.ts";
import type { ResourceDefinition } from "./resources.ts";

/** Maps whose values are quantities: a number is as good as a string there. */
const QUANTITIES: ReadonlySet<string> = new Set([
  "limits",
  "requests",
  "capacity",
  "allocatable",
  "hard",
  "used",
  "overhead",
]);

interface Walk {
  readonly definition: Pick<ResourceDefinition, "kind" | "version">;
  readonly unknown: string[];
}

interface Place {
  /** With indices, as "unknown field" complaints have it. */
  readonly path: string;
  /** Without them, as Go's decoder has it. */
  readonly goPath: string;
  /** The Go struct that holds the field. */
  readonly struct: string;
}

/**
 * Holds an object against the official description of its kind, in place: null and unknown fields are dropped, as
 * Go's decoder does. Returns the paths of the unknown ones; throws 400 where a value has the wrong type.
 */
export function checkFields(object: Plain, definition: ResourceDefinition): string[] {
  if (definition.schemaless) return [];
  const walk: Walk = { definition, unknown: [] };
  checkModel(object, modelOf(definition), { path: "", goPath: "", struct: definition.kind }, walk);
  return walk.unknown;
}

function checkModel(object: Plain, model: string, place: Place, walk: Walk): void {
  const fields = fieldsOf(model);
  const struct = model.replace(/^(Core|Events)?V1/, "");
  for (const [key, value] of Object.entries(object)) {
    const path = place.path === "" ? key : `${place.path}.${key}`;
    const field = fields.get(key);
    if (field === undefined) {
      walk.unknown.push(path);
      delete object[key];
    } else if (value === null) delete object[key];
    else check(value, field.type, { path, goPath: place.goPath === "" ? key : `${place.goPath}.${key}`, struct }, walk);
  }
}

function check(value: unknown, type: FieldType, place: Place, walk: Walk): void {
  if (type.kind === "model") {
    if (!isPlain(value)) throw mismatch(value, `v1.${type.model.replace(/^V1/, "")}`, place, walk);
    checkModel(value, type.model, place, walk);
  } else if (type.kind === "array") {
    if (!Array.isArray(value)) throw mismatch(value, goType(type), place, walk);
    for (const [i, item] of value.entries()) check(item, type.of, { ...place, path: `${place.path}[${i}]` }, walk);
  } else if (type.kind === "map") {
    if (!isPlain(value)) throw mismatch(value, goType(type), place, walk);
    const quantities = QUANTITIES.has(place.goPath.split(".").at(-1) ?? "");
    for (const [key, item] of Object.entries(value)) {
      if (quantities && typeof item === "number") value[key] = String(item);
      else check(item, type.of, { ...place, path: `${place.path}.${key}` }, walk);
    }
  } else checkScalar(value, type.type, place, walk);
}

type Scalar = Extract<FieldType, { kind: "scalar" }>["type"];

function checkScalar(value: unknown, type: Scalar, place: Place, walk: Walk): void {
  const fits: Readonly<Record<Scalar, boolean>> = {
    string: typeof value === "string",
    boolean: typeof value === "boolean",
    int32: Number.isInteger(value) && Math.abs(Number(value)) <= 2 ** 31,
    int64: Number.isInteger(value),
    date: typeof value === "string",
    "int-or-string": typeof value === "string" || Number.isInteger(value),
    any: true,
  };
  if (!fits[type]) throw mismatch(value, type === "boolean" ? "bool" : type, place, walk);
  if (type === "date" && Number.isNaN(Date.parse(String(value)))) {
    throw refused(`parsing time "${value}" as "2006-01-02T15:04:05Z07:00": cannot parse "${value}" as "2006"`, walk);
  }
}

function goType(type: FieldType): string {
  if (type.kind === "array") return `[]${goType(type.of)}`;
  if (type.kind === "map") return `map[string]${goType(type.of)}`;
  if (type.kind === "model") return `v1.${type.model.replace(/^V1/, "")}`;
  return type.type === "boolean" ? "bool" : type.type;
}

function mismatch(value: unknown, goName: string, { struct, goPath }: Place, walk: Walk): Error {
  const given = Array.isArray(value) ? "array" : typeof value === "boolean" ? "bool" : typeof value;
  const shown = given === "number" && !Number.isInteger(value) ? `number ${value}` : given;
  return refused(`json: cannot unmarshal ${shown} into Go struct field ${struct}.${goPath} of type ${goName}`, walk);
}

function refused(why: string, { definition: { kind, version } }: Walk): Error {
  return badRequest(`${kind} in version "${version}" cannot be handled as a ${kind}: ${why}`);
}
