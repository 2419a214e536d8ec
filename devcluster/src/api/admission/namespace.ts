import type { RuleContext } from "../../store/rules.ts";
import type { KubeObject } from "../../types.ts";
import { ApiError, notFound } from "../api-error.ts";
import { resourceNamed } from "../resources.ts";

/** Nothing is created in a namespace that is not there, or that is on its way out. */
export function admitNamespace(object: KubeObject, { resource, store }: RuleContext): void {
  if (!resource.namespaced) return;
  const name = object.metadata.namespace ?? "";
  const namespace = store.get("namespaces", "", name);
  if (namespace === undefined) throw notFound(resourceNamed("namespaces"), name);
  if (namespace.metadata.deletionTimestamp === undefined) return;
  const plural = resource.group === "" ? resource.name : `${resource.name}.${resource.group}`;
  const why = `unable to create new content in namespace ${name} because it is being terminated`;
  throw new ApiError(403, "Forbidden", `${plural} "${object.metadata.name}" is forbidden: ${why}`, {
    name: object.metadata.name,
    kind: resource.name,
    causes: [
      { reason: "NamespaceTerminating", message: `namespace ${name} is being terminated`, field: "metadata.namespace" },
    ],
  });
}
