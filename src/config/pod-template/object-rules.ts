/** What the fields of one object in a pod template must have in common, as the API server checks it (1.36). */
import { amountOf, isLabelValue, isNativeResource, isOtherResource, isQualifiedName } from "../kubernetes-formats.ts";
import type { Path } from "./path.ts";
import { isPlain, type Plain, type TemplateProblem } from "./walk.ts";

export type ObjectRule = (value: Plain) => readonly TemplateProblem[];

/** A problem of the object itself, or of a field or key within it. */
export const wrong = (problem: string, ...steps: (string | { readonly key: string })[]): TemplateProblem => {
  const path: Path = steps.map((step) => (typeof step === "string" ? { field: step } : step));
  return { path, problem };
};

export const listOf = (value: unknown): readonly Plain[] => (Array.isArray(value) ? value.filter(isPlain) : []);
export const plain = (value: unknown): Plain => (isPlain(value) ? value : {});
const isSet = (value: unknown): boolean => value !== undefined && value !== null;

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

const requirement =
  (numeric: readonly string[]): ObjectRule =>
  ({ operator, values }) => {
    const list = Array.isArray(values) ? values : [];
    if (["Exists", "DoesNotExist"].includes(String(operator)))
      return list.length > 0 ? [wrong(`is not for the operator ${operator}`, "values")] : [];
    if (numeric.includes(String(operator)))
      return list.length === 1 && /^-?\d+$/.test(String(list[0])) ? [] : [wrong("is not one whole number", "values")];
    if (list.length === 0) return [wrong("is empty", "values")];
    return list.every((one) => isLabelValue(String(one))) ? [] : [wrong("holds what is no label value", "values")];
  };

const nodeSelectorTerm: ObjectRule = ({ matchExpressions, matchFields }) => [
  ...listOf(matchExpressions).flatMap((one, index) => [
    ...(isQualifiedName(String(one.key))
      ? []
      : [wrong("is no qualified name", "matchExpressions", { key: String(index) }, "key")]),
    ...requirement(["Gt", "Lt"])(one).map((problem) => below(problem, "matchExpressions", index)),
  ]),
  ...listOf(matchFields)
    .filter(
      ({ key, operator, values }) =>
        key !== "metadata.name" ||
        !["In", "NotIn"].includes(String(operator)) ||
        !Array.isArray(values) ||
        values.length !== 1,
    )
    .map(() => wrong("can hold only metadata.name, In or NotIn, and one value", "matchFields")),
];

const below = ({ path, problem }: TemplateProblem, field: string, index: number): TemplateProblem => ({
  path: [{ field }, { key: String(index) }, ...path],
  problem,
});

/** `matchLabelKeys` are put into the selector, which must be there and not have them. */
const labelKeys =
  (...fields: string[]): ObjectRule =>
  (value) => {
    const selector = plain(value.labelSelector);
    const selected = [
      ...Object.keys(plain(selector.matchLabels)),
      ...listOf(selector.matchExpressions).map(({ key }) => key),
    ];
    const lists = fields.map((field) => ({ field, keys: Array.isArray(value[field]) ? value[field] : [] }));
    const every = lists.flatMap(({ keys }) => keys);
    return lists
      .filter(({ keys }) => keys.length > 0)
      .flatMap(({ field, keys }) => {
        if (!isSet(value.labelSelector)) return [wrong("needs labelSelector", field)];
        const isTwice = keys.some((key) => selected.includes(key) || every.indexOf(key) !== every.lastIndexOf(key));
        return isTwice ? [wrong("has a key that is selected already", field)] : [];
      });
  };

const spread: ObjectRule = all(labelKeys("matchLabelKeys"), ({ minDomains, whenUnsatisfiable }) =>
  isSet(minDomains) && whenUnsatisfiable !== "DoNotSchedule"
    ? [wrong("needs whenUnsatisfiable: DoNotSchedule", "minDomains")]
    : [],
);

const toleration: ObjectRule = ({ key, operator, value, effect, tolerationSeconds }) => [
  ...(!key && operator !== "Exists" ? [wrong("must be Exists where there is no key", "operator")] : []),
  ...(operator === "Exists" && value ? [wrong("is not for the operator Exists", "value")] : []),
  ...(isSet(tolerationSeconds) && effect !== "NoExecute"
    ? [wrong("is for the effect NoExecute", "tolerationSeconds")]
    : []),
];

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
