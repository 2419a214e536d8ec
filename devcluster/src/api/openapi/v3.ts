import { apiVersionOf, EVENTS_V1, RESOURCES, type ResourceDefinition } from "../resources.ts";
import { schemaNameOf, schemasOf } from "./schemas.ts";

const PREFIX = "#/components/schemas/";

/** The groups that have a document, by the path under /openapi/v3/. */
export function documentPaths(): ReadonlyMap<string, string> {
  const groups = new Set([...RESOURCES, EVENTS_V1].map(({ group }) => group));
  return new Map([...groups].map((group) => [group === "" ? "api/v1" : `apis/${group}/v1`, group]));
}

/** OpenAPI 3 of one group: what `kubectl explain` shows and where kubectl learns that the server validates fields. */
export function documentV3(group: string): object {
  const definitions = [...RESOURCES, EVENTS_V1].filter((definition) => definition.group === group);
  return {
    openapi: "3.0.0",
    info: { title: "Kubernetes (devcluster)", version: "v1.36.2" },
    paths: Object.assign({}, ...definitions.map(pathsOf)),
    components: { schemas: Object.fromEntries(schemasOf(group, PREFIX)) },
  };
}

function pathsOf(definition: ResourceDefinition): object {
  const { group, version, kind, namespaced, name } = definition;
  const root = group === "" ? `/api/${version}` : `/apis/${apiVersionOf(definition)}`;
  const collection = `${root}/${namespaced ? "namespaces/{namespace}/" : ""}${name}`;
  const gvk = { group, version, kind };
  const body = { content: { "application/json": { schema: { $ref: `${PREFIX}${schemaNameOf(definition)}` } } } };
  const operation = (action: string, ...parameters: string[]): object => ({
    tags: [`${group || "core"}_${version}`],
    operationId: `${action}${kind}`,
    parameters: parameters.map((parameter) => ({ name: parameter, in: "query", schema: { type: "string" } })),
    responses: { "200": { description: "OK", ...body } },
    "x-kubernetes-action": action,
    "x-kubernetes-group-version-kind": gvk,
  });
  const write = ["dryRun", "fieldManager", "fieldValidation"];
  return {
    [collection]: { get: operation("list", "labelSelector", "fieldSelector"), post: operation("post", ...write) },
    [`${collection}/{name}`]: {
      get: operation("get"),
      put: operation("put", ...write),
      patch: operation("patch", ...write, "force"),
      delete: operation("delete", "dryRun", "propagationPolicy"),
    },
  };
}
