import { EVENTS_V1, RESOURCES, type ResourceDefinition } from "./resources.ts";

/** What a path of the form /api/v1/… or /apis/GROUP/VERSION/… points at. */
export interface Target {
  readonly definition: ResourceDefinition;
  readonly namespace: string;
  /** "" for the collection. */
  readonly name: string;
  /** "" for the object itself. */
  readonly subresource: string;
  /** The old `/watch/` prefix. */
  readonly watch: boolean;
}

/** Undefined when no such resource is served: the caller answers 404. */
export function parseTarget(path: string, extensions: readonly ResourceDefinition[] = []): Target | undefined {
  const parts = path.split("/").slice(1).map(decodeURIComponent);
  const core = parts[0] === "api";
  if (!core && parts[0] !== "apis") return undefined;
  const group = core ? "" : (parts[1] ?? "");
  const rest = parts.slice(core ? 2 : 3);
  const version = core ? parts[1] : parts[2];
  const watch = rest[0] === "watch";
  if (watch) rest.shift();
  let namespace = "";
  // "namespaces/x" alone, or with one of the namespace's own subresources, is the namespace object.
  if (rest[0] === "namespaces" && rest.length > 2 && !(rest.length === 3 && rest[2] === "status")) {
    namespace = rest[1] ?? "";
    rest.splice(0, 2);
  }
  const [plural, name = "", subresource = "", ...more] = rest;
  const definition = [...RESOURCES, EVENTS_V1, ...extensions].find(
    (resource) => resource.name === plural && resource.group === group && resource.version === version,
  );
  if (definition === undefined || more.length > 0) return undefined;
  if (subresource !== "" && !definition.subresources.includes(subresource)) return undefined;
  if (!definition.namespaced && namespace !== "") return undefined;
  return { definition, namespace, name, subresource, watch };
}
