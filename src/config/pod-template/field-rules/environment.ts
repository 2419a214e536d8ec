/** Variables, and where their values come from. */
import { isAnnotationKey, isVariableName } from "../../kubernetes-formats.ts";
import { both, type FieldRules, oneOf, text } from "./field-rule.ts";
import { dataKey, label, NEWER, notEmpty, subdomain } from "./values.ts";

export const ENVIRONMENT_RULES: FieldRules = {
  EnvVar: { name: both(notEmpty, text(isVariableName, "is no name of a variable")) },
  EnvFromSource: { prefix: text((value) => value === "" || isVariableName(value), "is no name of a variable") },
  ConfigMapEnvSource: { name: subdomain },
  SecretEnvSource: { name: subdomain },
  ConfigMapKeySelector: { name: subdomain, key: dataKey },
  SecretKeySelector: { name: subdomain, key: dataKey },
  EnvVarSource: { fileKeyRef: NEWER },
  ObjectFieldSelector: {
    apiVersion: oneOf("v1"),
    fieldPath: text(isFieldPath, "is no field of a pod that its containers may read"),
  },
  ResourceFieldSelector: {
    containerName: label,
    resource: text(
      (value) => /^(limits|requests)\.(cpu|memory|ephemeral-storage|hugepages-.+)$/.test(value),
      "is neither limits.… nor requests.… of cpu, memory, ephemeral-storage or hugepages",
    ),
  },
};

/** What the downward API gives, as a variable or as a file. */
function isFieldPath(path: string): boolean {
  const subscript = /^metadata\.(?:labels|annotations)\['(.+)'\]$/.exec(path)?.[1];
  if (subscript !== undefined) return isAnnotationKey(subscript);
  return [
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
    "metadata.labels",
    "metadata.annotations",
    "spec.nodeName",
    "spec.serviceAccountName",
    "status.hostIP",
    "status.hostIPs",
    "status.podIP",
    "status.podIPs",
  ].includes(path);
}
