import { parse as parseYaml } from "yaml";
import { clone, isPlain, type Plain } from "../store/plain.ts";
import type { KubeObject } from "../types.ts";
import { ApiError, badRequest } from "./api-error.ts";
import { decodeProtobuf, PROTOBUF } from "./protobuf/decode.ts";
import type { ApiRequest } from "./request.ts";
import { apiVersionOf, type ResourceDefinition } from "./resources.ts";
import { checkFields } from "./schema.ts";

/** Reads a body as JSON, or as YAML when it says so. */
export function parseBody({ body, headers }: Pick<ApiRequest, "body" | "headers">): unknown {
  const type = (headers["content-type"] ?? "application/json").split(";")[0]?.trim() ?? "";
  if (type === PROTOBUF) return decodeProtobuf(body);
  const text = Buffer.from(body).toString();
  if (type === "application/yaml" || type.endsWith("+yaml")) return parseYaml(text);
  if (type !== "application/json" && !type.endsWith("+json") && type !== "text/plain") throw unsupported(type);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw badRequest(`couldn't get version/kind; json parse error: ${error instanceof Error ? error.message : error}`);
  }
}

function unsupported(type: string): ApiError {
  return new ApiError(
    415,
    "UnsupportedMediaType",
    `the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, application/vnd.kubernetes.protobuf (got ${type})`,
  );
}

/** What a client asks for about fields that the server does not know. @default Warn */
export type FieldValidation = "Strict" | "Warn" | "Ignore";

export function fieldValidationOf(query: URLSearchParams): FieldValidation {
  const wanted = query.get("fieldValidation") ?? "";
  if (wanted === "" || wanted === "Warn") return "Warn";
  if (wanted === "Strict" || wanted === "Ignore") return wanted;
  throw badRequest(`fieldValidation: Unsupported value: "${wanted}": supported values: "Ignore", "Strict", "Warn"`);
}

/** A body as an object of this kind: unknown fields dropped, wrong types refused, as the server's decoder does. */
export function decodeObject(
  value: unknown,
  definition: ResourceDefinition,
  request: Pick<ApiRequest, "query" | "warn">,
): KubeObject {
  if (!isPlain(value)) throw badRequest("couldn't get version/kind; json parse error: the body is not an object");
  const expected = apiVersionOf(definition);
  const { apiVersion = expected, kind = definition.kind } = value;
  if (apiVersion !== expected) {
    throw badRequest(
      `the API version in the data (${apiVersion}) does not match the expected API version (${expected})`,
    );
  }
  if (kind !== definition.kind) {
    throw badRequest(`${kind} in version "${definition.version}" cannot be handled as a ${definition.kind}`);
  }
  const object: Plain = { ...clone(value), kind, apiVersion };
  if (!isPlain(object.metadata)) object.metadata = {};
  const unknown = checkFields(object, definition);
  report(unknown, definition, request);
  return object as KubeObject;
}

function report(
  unknown: readonly string[],
  definition: ResourceDefinition,
  { query, warn }: Pick<ApiRequest, "query" | "warn">,
): void {
  const mode = fieldValidationOf(query);
  if (unknown.length === 0 || mode === "Ignore") return;
  const complaints = unknown.map((field) => `unknown field "${field}"`);
  if (mode === "Warn") {
    for (const complaint of complaints) warn(complaint);
    return;
  }
  const { kind, version } = definition;
  throw badRequest(
    `${kind} in version "${version}" cannot be handled as a ${kind}: strict decoding error: ${complaints.join(", ")}`,
  );
}

export function isDryRun(query: URLSearchParams): boolean {
  const values = query.getAll("dryRun");
  if (values.length === 0) return false;
  if (values.some((value) => value !== "All")) {
    throw new ApiError(422, "Invalid", `dryRun: Unsupported value: ${JSON.stringify(values)}: supported values: "All"`);
  }
  return true;
}
