import type { KubeObject, ResourceName } from "../types.ts";
import type { ResourceDefinition } from "./resources.ts";

/** What an installed component adds to the API: its own kinds, and its webhooks on others' objects. */
export interface ApiExtension {
  readonly resources: readonly ResourceDefinition[];
  /** May change the object that a client creates. Throws ApiError to refuse it. */
  admitCreate(resource: ResourceName, object: KubeObject): void;
  /** Of an object, not of its status. Throws ApiError to refuse it. */
  admitUpdate(resource: ResourceName, object: KubeObject, old: KubeObject): void;
  /**
   * The body for a GET of a path that is no object's, such as that of an aggregated API; undefined: none of its. It asks for the
   * caller's rights itself, by `demand`.
   */
  answer(path: string, demand: (attributes: ExtensionAttributes) => void): object | undefined;
}

/** What RBAC is asked for such a path. */
export interface ExtensionAttributes {
  readonly group: string;
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
}
