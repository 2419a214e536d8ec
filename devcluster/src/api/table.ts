import type { KubeObject } from "../types.ts";
import { columnsOf } from "./columns/index.ts";
import type { ResourceDefinition } from "./resources.ts";

/** kubectl asks for a Table first: the server, not kubectl, knows the columns. */
export function wantsTable(accept: string | undefined): boolean {
  return /as=Table/.test(accept?.split(",")[0] ?? "");
}

/** The same request for metadata only, as `kubectl delete` and controllers send it. */
export function wantsMetadata(accept: string | undefined): boolean {
  return /as=PartialObjectMetadata/.test(accept?.split(",")[0] ?? "");
}

/** `withHead` is false for all but the first Table of a watch. */
export function tableFor(
  definition: ResourceDefinition,
  objects: readonly KubeObject[],
  metadata: object,
  withHead: boolean,
  now: number,
): object {
  const columns = columnsOf(definition.name);
  const head = columns.map(({ name, format, type, wide }) => ({
    name,
    type: type ?? "string",
    format: format ?? "",
    description: "",
    priority: wide === true ? 1 : 0,
  }));
  return {
    kind: "Table",
    apiVersion: "meta.k8s.io/v1",
    metadata,
    columnDefinitions: withHead ? head : null,
    rows: objects.map((object) => ({
      cells: columns.map(({ cell }) => cell(object, now)),
      object: metadataOf(object),
    })),
  };
}

export function metadataOf({ metadata }: KubeObject): object {
  return { kind: "PartialObjectMetadata", apiVersion: "meta.k8s.io/v1", metadata };
}
