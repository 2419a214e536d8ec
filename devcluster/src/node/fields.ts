import type { Container, ResourceFieldSelector } from "kubernetes-types/core/v1";
import type { Pod } from "../controllers/objects.ts";
import { quantity } from "../controllers/scheduler/quantity.ts";

/** Where pods live: they share the host's loopback. */
export const ADDRESS = "127.0.0.1";

const IN_BRACKETS = /^metadata\.(labels|annotations)\['(.+)'\]$/;

/** A field of the pod as the downward API gives it; "" for one that has no value. */
export function fieldOf(pod: Pod, path: string): string {
  const { metadata, spec } = pod;
  const keyed = IN_BRACKETS.exec(path);
  if (keyed !== null) {
    const [, which, key = ""] = keyed;
    return (which === "labels" ? metadata.labels : metadata.annotations)?.[key] ?? "";
  }
  const fields: Readonly<Record<string, string | undefined>> = {
    "metadata.name": metadata.name,
    "metadata.namespace": metadata.namespace,
    "metadata.uid": metadata.uid,
    "metadata.labels": lines(metadata.labels),
    "metadata.annotations": lines(metadata.annotations),
    "spec.nodeName": spec.nodeName,
    "spec.serviceAccountName": spec.serviceAccountName,
    "status.hostIP": ADDRESS,
    "status.hostIPs": ADDRESS,
    "status.podIP": ADDRESS,
    "status.podIPs": ADDRESS,
  };
  return fields[path] ?? "";
}

/** A request or limit in units of the divisor, rounded up as the kubelet does. */
export function resourceFieldOf(pod: Pod, own: Container, selector: ResourceFieldSelector): string {
  const containers = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])];
  const container = containers.find(({ name }) => name === selector.containerName) ?? own;
  const [kind, resource = ""] = selector.resource.split(".");
  const table = kind === "limits" ? container.resources?.limits : container.resources?.requests;
  const divisor = quantity(selector.divisor ?? 1) || 1;
  return String(Math.ceil(quantity(table?.[resource] ?? 0) / divisor));
}

function lines(table: Record<string, string> | undefined): string {
  const entries = Object.entries(table ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  return entries.map(([key, value]) => `${key}=${JSON.stringify(value)}`).join("\n");
}
