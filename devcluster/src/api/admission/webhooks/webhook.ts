import { list, type Plain, plain } from "../../../store/plain.ts";
import type { KubeObject, Store } from "../../../types.ts";
import { apiVersionOf, type ResourceDefinition } from "../../resources.ts";
import { selectsLabels } from "./label-selector.ts";

export type WebhookKind = "mutatingwebhookconfigurations" | "validatingwebhookconfigurations";

/** One webhook of a configuration, with the server's defaults filled in. */
export interface Webhook {
  readonly name: string;
  readonly clientConfig: { readonly url?: string; readonly caBundle?: string; readonly service?: Plain };
  readonly failurePolicy: "Fail" | "Ignore";
  readonly timeoutSeconds: number;
}

/** The webhooks that are asked about the creation of this object: by the names of their configurations, then in order. */
export function webhooksFor(
  store: Pick<Store, "get" | "list">,
  kind: WebhookKind,
  resource: ResourceDefinition,
  object: KubeObject,
): Webhook[] {
  // A configuration that judged itself could never be removed.
  if (resource.group === "admissionregistration.k8s.io") return [];
  const webhooks = store.list(kind).flatMap((configuration) => list(configuration.webhooks).map(plain));
  return webhooks.filter(
    (webhook) =>
      list(webhook.rules).some((rule) => covers(plain(rule), resource)) &&
      selectsLabels(webhook.objectSelector, object.metadata.labels) &&
      selectsNamespace(webhook, resource, object, store),
  ) as unknown as Webhook[];
}

function covers(
  { apiGroups, apiVersions, operations, resources, scope }: Plain,
  resource: ResourceDefinition,
): boolean {
  const has = (values: unknown, value: string): boolean => list(values).some((one) => one === "*" || one === value);
  return (
    has(operations, "CREATE") &&
    has(apiGroups, resource.group) &&
    has(apiVersions, resource.version) &&
    (has(resources, resource.name) || list(resources).includes("*/*")) &&
    (scope === "*" || scope === undefined || (scope === "Namespaced") === resource.namespaced)
  );
}

function selectsNamespace(
  { namespaceSelector }: Plain,
  resource: ResourceDefinition,
  object: KubeObject,
  store: Pick<Store, "get">,
): boolean {
  if (resource.name === "namespaces") return selectsLabels(namespaceSelector, object.metadata.labels);
  if (!resource.namespaced) return true;
  const namespace = store.get("namespaces", "", object.metadata.namespace ?? "");
  return selectsLabels(namespaceSelector, namespace?.metadata.labels);
}

/** What a webhook is asked, but for its uid. */
export function admissionRequest(object: KubeObject, resource: ResourceDefinition, username: string, dryRun: boolean) {
  const { kind, metadata } = object;
  const [group, version] = [resource.group, resource.version];
  return {
    kind: { group, version, kind },
    resource: { group, version, resource: resource.name },
    requestKind: { group, version, kind },
    requestResource: { group, version, resource: resource.name },
    ...(metadata.name ? { name: metadata.name } : {}),
    ...(metadata.namespace ? { namespace: metadata.namespace } : {}),
    operation: "CREATE",
    userInfo: { username },
    object: { ...object, apiVersion: apiVersionOf(resource) },
    oldObject: null,
    dryRun,
    options: { kind: "CreateOptions", apiVersion: "meta.k8s.io/v1" },
  };
}

export type AdmissionRequest = ReturnType<typeof admissionRequest>;
