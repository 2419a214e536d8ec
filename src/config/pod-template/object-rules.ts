/** What the fields of one object in a pod template must have in common, as the API server checks it (1.36). */
import { amountOf, isNativeResource, isOtherResource, isWholePages } from "../kubernetes-formats.ts";
import { isSet, listOf, type ObjectRule, plain, wrong } from "./problem.ts";
import { labelKeys, nodeSelectorTerm, requirement, spread, toleration } from "./scheduling-rules.ts";
import type { Plain, TemplateProblem } from "./walk.ts";

/** Fields that the description calls optional, and the server does not. */
const needs =
  (...fields: string[]): ObjectRule =>
  (value) =>
    fields.filter((field) => !isSet(value[field]) || value[field] === "").map((field) => wrong("is missing", field));

const oneOf =
  (what: string, ...fields: string[]): ObjectRule =>
  (value) => {
    const given = (fields.length > 0 ? fields : Object.keys(value)).filter((field) => isSet(value[field]));
    if (given.length === 0) return [wrong(`has no ${what}${fields.length > 0 ? ` (${fields.join(", ")})` : ""}`)];
    return given.length === 1 ? [] : [wrong(`has more than one ${what}: ${given.join(", ")}`)];
  };

const all =
  (...rules: ObjectRule[]): ObjectRule =>
  (value) =>
    rules.flatMap((rule) => rule(value));

const HANDLERS = ["exec", "httpGet", "tcpSocket", "grpc"];
const handler = oneOf("handler", ...HANDLERS);
const lifecycleHandler = oneOf("handler", "exec", "httpGet", "tcpSocket", "sleep");

const profile: ObjectRule = ({ type, localhostProfile }) => {
  if (type !== "Localhost")
    return isSet(localhostProfile) ? [wrong("is for the type Localhost", "localhostProfile")] : [];
  const path = String(localhostProfile ?? "");
  const isRelative = path !== "" && !path.startsWith("/") && !path.split("/").includes("..");
  return isRelative ? [] : [wrong("is no relative path", "localhostProfile")];
};

const env: ObjectRule = ({ value, valueFrom }) =>
  isSet(value) && value !== "" && isSet(valueFrom) ? [wrong("has both value and valueFrom")] : [];

const envSource: ObjectRule = all(
  oneOf("source", "configMapKeyRef", "secretKeyRef", "fieldRef", "resourceFieldRef"),
  ({ fieldRef }) =>
    /^metadata\.(labels|annotations)$/.test(String(plain(fieldRef).fieldPath))
      ? [wrong("is for files; a variable gets one of them: metadata.labels['KEY']", "fieldRef", "fieldPath")]
      : [],
);

const downwardFile: ObjectRule = all(
  oneOf("source", "fieldRef", "resourceFieldRef"),
  ({ fieldRef, resourceFieldRef }) => [
    ...(isSet(fieldRef) && !String(plain(fieldRef).fieldPath).startsWith("metadata.")
      ? [wrong("is for variables; a file gets fields of metadata", "fieldRef", "fieldPath")]
      : []),
    ...(isSet(resourceFieldRef) && !plain(resourceFieldRef).containerName
      ? [wrong("is missing", "resourceFieldRef", "containerName")]
      : []),
  ],
);

const DIVISORS = /^(1|1[kMGTPE]i?|1Ki)$/;
const resourceField: ObjectRule = ({ resource, divisor }) => {
  if (!isSet(divisor) || String(divisor) === "0") return [];
  const fits = String(resource).endsWith(".cpu") ? /^(1|1m)$/ : DIVISORS;
  return fits.test(String(divisor)) ? [] : [wrong("is no unit of that resource", "divisor")];
};

/** Two files of one volume at the same path. */
const distinctPaths =
  (pathsIn: (value: Plain) => readonly unknown[]): ObjectRule =>
  (value) => {
    const paths = pathsIn(value).filter(isSet);
    const twice = paths.find((path, index) => paths.indexOf(path) !== index);
    return twice === undefined ? [] : [wrong(`has two files at ${JSON.stringify(twice)}`)];
  };

const projectedPaths = ({ sources }: Plain): unknown[] =>
  listOf(sources).flatMap((source) => [
    plain(source.serviceAccountToken).path,
    ...["secret", "configMap", "downwardAPI"].flatMap((kind) =>
      listOf(plain(source[kind]).items).map(({ path }) => path),
    ),
  ]);

/** Without an audience it would be a token for the cluster's own API. */
const projectedToken: ObjectRule = ({ audience }) =>
  audience ? [] : [wrong("is missing: a token for the cluster's own API is not given to agents", "audience")];

/** Requests and limits of a container. */
export const resources: ObjectRule = (value) => {
  const [requests, limits] = [plain(value.requests), plain(value.limits)];
  const names = [...new Set([...Object.keys(requests), ...Object.keys(limits)])];
  const needsMore =
    names.some((name) => name.startsWith("hugepages-")) && !names.some((name) => /^(cpu|memory)$/.test(name));
  return [
    ...names.flatMap((name) => amountProblems(name, requests[name], limits[name])),
    ...(needsMore ? [wrong("has hugepages, and neither cpu nor memory")] : []),
  ];
};

function amountProblems(name: string, request: unknown, limit: unknown): TemplateProblem[] {
  const side = isSet(request) ? "requests" : "limits";
  if (!isNativeResource(name) && !isOtherResource(name))
    return [wrong("is no resource (cpu, memory, ephemeral-storage, hugepages-SIZE, DOMAIN/NAME)", side, { key: name })];
  const [asked, most] = [amountOf(String(request ?? 0)), amountOf(String(limit ?? 0))];
  if (!isNativeResource(name)) {
    const isWhole = Number.isInteger(most) && Number.isInteger(asked);
    if (!isSet(limit)) return [wrong("needs a limit of the same amount", "requests", { key: name })];
    if (!isWhole || (isSet(request) && asked !== most))
      return [wrong("must be one whole number as request and as limit", "limits", { key: name })];
    if (!isWholePages(name, String(limit))) return [wrong("is no whole number of pages", "limits", { key: name })];
  }
  return isSet(request) && isSet(limit) && asked > most
    ? [wrong(`is ${request}, more than its limit (${limit})`, "requests", { key: name })]
    : [];
}

const probe: ObjectRule = handler;

const onceSuccessful = (field: string, value: Plain): readonly TemplateProblem[] => {
  const threshold = plain(value[field]).successThreshold;
  return isSet(threshold) && threshold !== 1 ? [wrong("must be 1", field, "successThreshold")] : [];
};

const container: ObjectRule = (value) => [
  ...onceSuccessful("livenessProbe", value),
  ...onceSuccessful("startupProbe", value),
  ...(isSet(plain(value.readinessProbe).terminationGracePeriodSeconds)
    ? [wrong("is not for this probe", "readinessProbe", "terminationGracePeriodSeconds")]
    : []),
  ...(value.stdinOnce === true && value.stdin !== true ? [wrong("needs stdin", "stdinOnce")] : []),
];

const mount: ObjectRule = ({ subPath, subPathExpr, recursiveReadOnly, readOnly, mountPropagation }) => [
  ...(subPath && subPathExpr ? [wrong("cannot stand beside subPath", "subPathExpr")] : []),
  ...(isSet(recursiveReadOnly) &&
  recursiveReadOnly !== "Disabled" &&
  (readOnly !== true || (mountPropagation ?? "None") !== "None")
    ? [wrong("needs readOnly: true, and no propagation", "recursiveReadOnly")]
    : []),
];

const securityContext: ObjectRule = ({ privileged, allowPrivilegeEscalation, capabilities }) => {
  const added = plain(capabilities).add;
  const isAdmin = Array.isArray(added) && added.some((name) => /^(CAP_)?SYS_ADMIN$/.test(String(name)));
  return allowPrivilegeEscalation === false && (privileged === true || isAdmin)
    ? [wrong("cannot be false for a privileged container", "allowPrivilegeEscalation")]
    : [];
};

const claimSpec: ObjectRule = all(needs("accessModes"), ({ resources: amounts, accessModes }) => [
  ...(amountOf(String(plain(plain(amounts).requests).storage ?? 0)) > 0
    ? []
    : [wrong("is missing", "resources", "requests", { key: "storage" })]),
  ...(Array.isArray(accessModes) && accessModes.includes("ReadWriteOncePod") && accessModes.length > 1
    ? [wrong("can hold nothing beside ReadWriteOncePod", "accessModes")]
    : []),
]);

const pathsOfItems = ({ items }: Plain): unknown[] => listOf(items).map(({ path }) => path);

export const OBJECT_RULES: Readonly<Record<string, ObjectRule>> = {
  EnvVar: env,
  EnvVarSource: envSource,
  EnvFromSource: oneOf("source", "configMapRef", "secretRef"),
  ...Object.fromEntries(
    ["ConfigMapEnvSource", "SecretEnvSource", "ConfigMapKeySelector", "SecretKeySelector", "LocalObjectReference"].map(
      (type) => [type, needs("name")] as const,
    ),
  ),
  ConfigMapVolumeSource: needs("name"),
  SecretVolumeSource: needs("secretName"),
  ConfigMapProjection: needs("name"),
  SecretProjection: needs("name"),
  ImageVolumeSource: needs("reference"),
  EphemeralVolumeSource: needs("volumeClaimTemplate"),
  PersistentVolumeClaimSpec: claimSpec,
  VolumeProjection: oneOf("source"),
  ProjectedVolumeSource: distinctPaths(projectedPaths),
  DownwardAPIVolumeSource: distinctPaths(pathsOfItems),
  DownwardAPIVolumeFile: downwardFile,
  ServiceAccountTokenProjection: projectedToken,
  ResourceFieldSelector: resourceField,
  LifecycleHandler: lifecycleHandler,
  Probe: probe,
  Container: container,
  VolumeMount: mount,
  ResourceRequirements: resources,
  SecurityContext: securityContext,
  SeccompProfile: profile,
  AppArmorProfile: profile,
  NodeSelector: ({ nodeSelectorTerms }) =>
    listOf(nodeSelectorTerms).length > 0 ? [] : [wrong("is empty", "nodeSelectorTerms")],
  NodeSelectorTerm: nodeSelectorTerm,
  LabelSelectorRequirement: requirement([]),
  PodAffinityTerm: labelKeys("matchLabelKeys", "mismatchLabelKeys"),
  TopologySpreadConstraint: spread,
  Toleration: toleration,
  PodResourceClaim: oneOf("source", "resourceClaimName", "resourceClaimTemplateName"),
};
