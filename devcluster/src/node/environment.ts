import type { Container, EnvFromSource, EnvVar, EnvVarSource } from "kubernetes-types/core/v1";
import type { ConfigMap, Pod, Secret } from "../controllers/objects.ts";
import type { Store } from "../types.ts";
import { expand } from "./expansion.ts";
import { fieldOf, resourceFieldOf } from "./fields.ts";

/** A container that cannot be made as its spec wants it; the message goes into the status (CreateContainerConfigError). */
export class ContainerConfigError extends Error {
  override readonly name = "ContainerConfigError";
}

export interface EnvironmentSource {
  readonly store: Pick<Store, "get">;
  readonly pod: Pod;
  readonly container: Container;
}

/**
 * The variables that the pod gives to its container, in order. Later ones win; each may use those before it. Values
 * from Secrets and ConfigMaps are taken as they are (measured on 1.36). Throws ContainerConfigError for what is missing.
 */
export function environmentOf(source: EnvironmentSource): Map<string, string> {
  const variables = new Map<string, string>();
  for (const from of source.container.envFrom ?? []) {
    for (const [key, value] of allOf(source, from)) variables.set(`${from.prefix ?? ""}${key}`, value);
  }
  for (const variable of source.container.env ?? []) {
    const value = resolve(source, variable, variables);
    if (value !== undefined) variables.set(variable.name, value);
  }
  return variables;
}

function resolve(source: EnvironmentSource, variable: EnvVar, before: ReadonlyMap<string, string>): string | undefined {
  if (variable.valueFrom === undefined) return expand(variable.value ?? "", before);
  return valueFrom(source, variable.valueFrom);
}

function valueFrom({ store, pod, container }: EnvironmentSource, from: EnvVarSource): string | undefined {
  if (from.fieldRef !== undefined) return fieldOf(pod, from.fieldRef.fieldPath);
  if (from.resourceFieldRef !== undefined) return resourceFieldOf(pod, container, from.resourceFieldRef);
  const { namespace } = pod.metadata;
  if (from.secretKeyRef !== undefined) {
    const { name = "", key, optional } = from.secretKeyRef;
    return keyOf(secretData(store, namespace, name), { kind: "Secret", namespace, name, key, optional });
  }
  if (from.configMapKeyRef !== undefined) {
    const { name = "", key, optional } = from.configMapKeyRef;
    return keyOf(configMapData(store, namespace, name), { kind: "ConfigMap", namespace, name, key, optional });
  }
  return "";
}

interface KeyReference {
  readonly kind: "Secret" | "ConfigMap";
  readonly namespace: string;
  readonly name: string;
  readonly key: string;
  readonly optional: boolean | undefined;
}

function keyOf(data: ReadonlyMap<string, Buffer> | undefined, wanted: KeyReference): string | undefined {
  const value = data?.get(wanted.key);
  if (value !== undefined) return value.toString();
  if (wanted.optional === true) return undefined;
  if (data === undefined) throw missing(wanted.kind, wanted.name);
  throw new ContainerConfigError(
    `couldn't find key ${wanted.key} in ${wanted.kind} ${wanted.namespace}/${wanted.name}`,
  );
}

function allOf({ store, pod }: EnvironmentSource, from: EnvFromSource): Map<string, string> {
  const { namespace } = pod.metadata;
  const reference = from.secretRef ?? from.configMapRef;
  const kind = from.secretRef === undefined ? "ConfigMap" : "Secret";
  const name = reference?.name ?? "";
  const data = kind === "Secret" ? secretData(store, namespace, name) : configMapData(store, namespace, name);
  if (data === undefined && reference?.optional !== true) throw missing(kind, name);
  return new Map([...(data ?? [])].map(([key, value]) => [key, value.toString()]));
}

function missing(kind: "Secret" | "ConfigMap", name: string): ContainerConfigError {
  return new ContainerConfigError(`${kind.toLowerCase()} "${name}" not found`);
}

/** The decoded bytes of a Secret; undefined when there is no such Secret. */
export function secretData(
  store: Pick<Store, "get">,
  namespace: string,
  name: string,
): Map<string, Buffer> | undefined {
  const secret = store.get<Secret>("secrets", namespace, name);
  if (secret === undefined) return undefined;
  return new Map(Object.entries(secret.data ?? {}).map(([key, value]) => [key, Buffer.from(value, "base64")]));
}

/** The decoded bytes of a ConfigMap; undefined when there is no such ConfigMap. */
export function configMapData(
  store: Pick<Store, "get">,
  namespace: string,
  name: string,
): Map<string, Buffer> | undefined {
  const map = store.get<ConfigMap>("configmaps", namespace, name);
  if (map === undefined) return undefined;
  const text = Object.entries(map.data ?? {}).map(([key, value]): [string, Buffer] => [key, Buffer.from(value)]);
  const binary = Object.entries(map.binaryData ?? {});
  return new Map([...text, ...binary.map(([key, value]): [string, Buffer] => [key, Buffer.from(value, "base64")])]);
}
