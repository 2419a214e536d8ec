/** The Secrets and ConfigMaps that a pod template names: whether they are there is asked before anything is created. */
import type { Job } from "kubernetes-types/batch/v1";
import { ConfigError, type ConfigProblem } from "../../../config/config-error.ts";
import { listOf, plain } from "../../../config/pod-template/problem.ts";
import type { Plain } from "../../../config/pod-template/walk.ts";
import { ApiError } from "../../../kubernetes/api-error.ts";
import type { CallOptions } from "../../../kubernetes/call-options.ts";
import type { KubernetesClient } from "../../../kubernetes/client.ts";
import { configMaps, secrets } from "../../../kubernetes/resource-types.ts";
import { isBundle } from "../../shared/names.ts";

export interface Reference {
  readonly kind: "Secret" | "ConfigMap";
  readonly name: string;
  /** Where the template names it. */
  readonly field: string;
}

/** What the pod cannot start without, beside the run's own. */
export function referencesOf({ metadata, spec }: Job): readonly Reference[] {
  const pod = plain(spec?.template.spec);
  const containers = (["initContainers", "containers"] as const).flatMap((field) =>
    listOf(pod[field]).map((container) => ({ container, at: `spec.${field}[${container.name}]` })),
  );
  const mounted = new Set(
    containers.flatMap(({ container }) => listOf(container.volumeMounts).map(({ name }) => name)),
  );
  const volumes = listOf(pod.volumes).filter(({ name }) => mounted.has(name));
  const all = [...containers.flatMap(({ container, at }) => ofContainer(container, at)), ...volumes.flatMap(ofVolume)];
  const isOwn = ({ kind, name }: Reference): boolean =>
    kind === "Secret" && (name === metadata?.name || name.startsWith(`${metadata?.name}-token-`) || isBundle(name));
  return all.filter((reference) => !isOwn(reference));
}

function reference(kind: Reference["kind"], source: unknown, field: string, key = "name"): Reference[] {
  const { optional, [key]: name } = plain(source);
  return typeof name === "string" && optional !== true ? [{ kind, name, field: `${field}.${key}` }] : [];
}

function ofContainer(container: Plain, at: string): Reference[] {
  return [
    ...listOf(container.env).flatMap(({ name, valueFrom }) => [
      ...reference("Secret", plain(valueFrom).secretKeyRef, `${at}.env[${name}].valueFrom.secretKeyRef`),
      ...reference("ConfigMap", plain(valueFrom).configMapKeyRef, `${at}.env[${name}].valueFrom.configMapKeyRef`),
    ]),
    ...listOf(container.envFrom).flatMap(({ secretRef, configMapRef }, index) => [
      ...reference("Secret", secretRef, `${at}.envFrom[${index}].secretRef`),
      ...reference("ConfigMap", configMapRef, `${at}.envFrom[${index}].configMapRef`),
    ]),
  ];
}

function ofVolume({ name, secret, configMap, projected }: Plain): Reference[] {
  const at = `spec.volumes[${name}]`;
  return [
    ...reference("Secret", secret, `${at}.secret`, "secretName"),
    ...reference("ConfigMap", configMap, `${at}.configMap`),
    ...listOf(plain(projected).sources).flatMap((source, index) => [
      ...reference("Secret", source.secret, `${at}.projected.sources[${index}].secret`),
      ...reference("ConfigMap", source.configMap, `${at}.projected.sources[${index}].configMap`),
    ]),
  ];
}

/**
 * Throws ConfigError that names those that are missing. What may not be read is left to the kubelet, which says it while the
 * pod waits: the documented Role reads Secrets by name, and no ConfigMap.
 */
export async function requireReferences(
  client: KubernetesClient,
  namespace: string,
  references: readonly Reference[],
  call: CallOptions,
): Promise<void> {
  const distinct = [...new Map(references.map((one) => [`${one.kind}/${one.name}`, one])).values()];
  const missing = await Promise.all(
    distinct.map(async (one) => ((await isThere(client, namespace, one, call)) ? [] : [one])),
  );
  const problems = missing.flat().map(({ kind, name, field }): ConfigProblem => {
    const problem = `names ${kind} ${name}, which is not in namespace ${namespace}`;
    return {
      field: field === CA_BUNDLE ? "caBundle" : `podTemplate.${field}`,
      problem,
      fix: `Create it, or name another.`,
    };
  });
  if (problems.length > 0) throw new ConfigError(problems);
}

/** The volume of `caBundle` is the adapter's own, and the setting names the ConfigMap. */
const CA_BUNDLE = "spec.volumes[authorities].configMap.name";

async function isThere(
  client: KubernetesClient,
  namespace: string,
  { kind, name }: Reference,
  call: CallOptions,
): Promise<boolean> {
  try {
    const found =
      kind === "Secret"
        ? await client.find(secrets, namespace, name, call)
        : await client.find(configMaps, namespace, name, call);
    return found !== null && found !== undefined;
  } catch (error) {
    if (error instanceof ApiError && error.forbidden) return true;
    throw error;
  }
}
