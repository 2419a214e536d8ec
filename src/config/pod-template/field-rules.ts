/** What a field of a pod template may hold beyond its type, as the API server checks it (1.36). By type and field. */
import { isIP } from "node:net";
import {
  isAnnotationKey,
  isDataKey,
  isDnsLabel,
  isDnsSubdomain,
  isLabelValue,
  isQualifiedName,
  isVariableName,
} from "../kubernetes-formats.ts";

/** @returns what is wrong, as a clause */
type FieldRule = (value: unknown) => string | null;

const text =
  (isRight: (text: string) => boolean, problem: string): FieldRule =>
  (value) =>
    isRight(String(value)) ? null : problem;

const oneOf = (...values: string[]): FieldRule =>
  text((value) => values.includes(value), `is not one of ${values.join(", ")}`);

const between =
  (from: number, to: number): FieldRule =>
  (value) =>
    Number(value) >= from && Number(value) <= to ? null : `is not between ${from} and ${to}`;

const each =
  (rule: FieldRule): FieldRule =>
  (value) =>
    (value as readonly unknown[]).map(rule).find((problem) => problem !== null) ?? null;

const keys =
  (rule: FieldRule): FieldRule =>
  (value) =>
    Object.keys(value as object)
      .filter((key) => !key.startsWith("$"))
      .map((key) => (rule(key) === null ? null : `has the key \`${key}\`, which ${rule(key)}`))
      .find((problem) => problem !== null) ?? null;

const both =
  (...rules: FieldRule[]): FieldRule =>
  (value) =>
    rules.map((rule) => rule(value)).find((problem) => problem !== null) ?? null;

const never = (why: string): FieldRule => {
  return () => `cannot be set: ${why}`;
};

const MAX = 2 ** 31 - 1;
const id = between(0, MAX);
const mode = between(0, 0o777);
const notEmpty = text((value) => value !== "", "is empty");
const subdomain = text(isDnsSubdomain, "is not a Kubernetes name (lower-case letters, digits, `-` and `.`)");
const label = text(isDnsLabel, "is not a name of lower-case letters, digits and `-`, at most 63");
const qualified = text(isQualifiedName, "is no qualified name (NAME or DOMAIN/NAME)");
const dataKey = text(isDataKey, "is no key of a ConfigMap or Secret");
const relative = text((path) => !path.startsWith("/") && !path.split("/").includes(".."), "is no relative path");
const filePath = both(notEmpty, relative);
const labelValues: FieldRule = (value) => {
  const bad = Object.values(value as object).find((one) => one !== null && !isLabelValue(String(one)));
  return bad === undefined ? null : `has the value ${JSON.stringify(bad)}, which is no label value`;
};
const labels = both(keys(qualified), labelValues);
const pullPolicy = oneOf("Always", "IfNotPresent", "Never");
const port = (value: unknown): string | null =>
  typeof value === "number"
    ? between(1, 65_535)(value)
    : text((name) => isPortName(name), "is no name of a port (at most 15 lower-case letters, digits and `-`)")(value);
const isPortName = (name: string): boolean =>
  name.length <= 15 && /^[a-z0-9]+(-[a-z0-9]+)*$/.test(name) && /[a-z]/.test(name);
const ip = text((value) => isIP(value) > 0 && !value.includes("%"), "is no IP address");
const weight = between(1, 100);
const seconds = between(0, MAX);
const positive = between(1, MAX);
const mountPath = both(
  notEmpty,
  text((path) => !path.includes(":"), "has a colon"),
);

/** A template's metadata is the pod's: the Job's controller gives the rest. */
const GIVEN = never("the Job's controller gives it");
const KUBELET = never("the node's agent would call another machine");
const NEWER = never("it needs a feature that clusters do not have by default");
const EPHEMERAL = never("a volume that lives with the pod is empty at first");
const CONTAINER: Readonly<Record<string, FieldRule>> = {
  name: label,
  image: text((value) => value !== "" && value === value.trim(), "is empty, or has blanks around it"),
  imagePullPolicy: pullPolicy,
  resizePolicy: never("a run's resources do not change"),
  restartPolicyRules: never("the agent's program is started once"),
  terminationMessagePolicy: oneOf("File", "FallbackToLogsOnError"),
  volumeDevices: never("raw block devices are not supported"),
};

export const FIELD_RULES: Readonly<Record<string, Readonly<Record<string, FieldRule>>>> = {
  ObjectMeta: {
    annotations: both(keys(text(isAnnotationKey, "is no qualified name")), ownAnnotations),
    labels,
    creationTimestamp: GIVEN,
    deletionGracePeriodSeconds: GIVEN,
    deletionTimestamp: GIVEN,
    finalizers: GIVEN,
    generateName: GIVEN,
    generation: GIVEN,
    managedFields: GIVEN,
    name: GIVEN,
    namespace: GIVEN,
    ownerReferences: GIVEN,
    resourceVersion: GIVEN,
    selfLink: GIVEN,
    uid: GIVEN,
  },
  PodSpec: {
    dnsPolicy: oneOf("ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"),
    ephemeralContainers: never("they are added to a pod that runs"),
    hostname: label,
    hostnameOverride: never("use hostname"),
    nodeName: subdomain,
    nodeSelector: labels,
    overhead: never("it comes with the RuntimeClass (`runtimeClassName`)"),
    preemptionPolicy: never("it comes with the PriorityClass (`priorityClassName`)"),
    priority: never("it comes with the PriorityClass (`priorityClassName`)"),
    priorityClassName: subdomain,
    resources: never("use `resources.requests` and `resources.limits` of the containers"),
    runtimeClassName: subdomain,
    schedulerName: subdomain,
    schedulingGroup: never("it is the scheduler's"),
    serviceAccount: never("use serviceAccountName"),
    serviceAccountName: subdomain,
    subdomain: label,
  },
  PodOS: { name: oneOf("linux") },
  PodSecurityContext: {
    runAsUser: id,
    runAsGroup: id,
    fsGroup: id,
    supplementalGroups: each(id),
    fsGroupChangePolicy: oneOf("OnRootMismatch", "Always"),
    seLinuxChangePolicy: oneOf("MountOption", "Recursive"),
    supplementalGroupsPolicy: oneOf("Merge", "Strict"),
    windowsOptions: never("the pod runs on Linux"),
  },
  SecurityContext: {
    runAsUser: id,
    runAsGroup: id,
    procMount: oneOf("Default"),
    windowsOptions: never("the pod runs on Linux"),
  },
  SeccompProfile: { type: oneOf("RuntimeDefault", "Localhost", "Unconfined") },
  AppArmorProfile: { type: oneOf("RuntimeDefault", "Localhost", "Unconfined") },
  Sysctl: {
    name: text(
      (name) =>
        name.length <= 253 && /^[a-z0-9]([-_a-z0-9]*[a-z0-9])?([./][a-z0-9]([-_a-z0-9]*[a-z0-9])?)*$/.test(name),
      "is no name of a sysctl",
    ),
  },
  Container: CONTAINER,
  ContainerPort: {
    containerPort: between(1, 65_535),
    hostPort: between(0, 65_535),
    name: text(isPortName, "is no name of a port (at most 15 lower-case letters, digits and `-`)"),
    protocol: oneOf("TCP", "UDP", "SCTP"),
    hostIP: ip,
  },
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
  Lifecycle: { stopSignal: never("the runner stops the agent") },
  HTTPGetAction: { path: notEmpty, port, host: KUBELET, scheme: oneOf("HTTP", "HTTPS") },
  HTTPHeader: { name: text((name) => /^[-A-Za-z0-9]+$/.test(name), "is no name of a header") },
  TCPSocketAction: { port, host: KUBELET },
  GRPCAction: { port: between(1, 65_535) },
  SleepAction: { seconds: between(1, 15) },
  ExecAction: { command: (value) => ((value as readonly unknown[]).length > 0 ? null : "is empty") },
  Probe: {
    initialDelaySeconds: seconds,
    timeoutSeconds: positive,
    periodSeconds: positive,
    successThreshold: positive,
    failureThreshold: positive,
    terminationGracePeriodSeconds: positive,
  },
  VolumeMount: {
    name: notEmpty,
    mountPath,
    subPath: relative,
    subPathExpr: relative,
    mountPropagation: oneOf("None", "HostToContainer", "Bidirectional"),
    recursiveReadOnly: oneOf("Disabled", "IfPossible", "Enabled"),
  },
  Volume: { name: label },
  SecretVolumeSource: { secretName: subdomain, defaultMode: mode },
  ConfigMapVolumeSource: { name: subdomain, defaultMode: mode },
  ProjectedVolumeSource: { defaultMode: mode },
  SecretProjection: { name: subdomain },
  ConfigMapProjection: { name: subdomain },
  DownwardAPIVolumeSource: { defaultMode: mode },
  DownwardAPIVolumeFile: { path: filePath, mode },
  KeyToPath: { key: dataKey, path: filePath, mode },
  ServiceAccountTokenProjection: { path: filePath, expirationSeconds: between(600, 2 ** 32) },
  EmptyDirVolumeSource: {
    medium: oneOf("", "Memory"),
  },
  PersistentVolumeClaimVolumeSource: { claimName: subdomain },
  CSIVolumeSource: {
    driver: text(
      (name) => name.length <= 63 && /^[A-Za-z0-9]([-A-Za-z0-9.]*[A-Za-z0-9])?$/.test(name),
      "is no name of a driver",
    ),
  },
  ImageVolumeSource: { reference: notEmpty, pullPolicy },
  LocalObjectReference: { name: subdomain },
  VolumeProjection: { clusterTrustBundle: NEWER, podCertificate: NEWER },
  PersistentVolumeClaimSpec: {
    accessModes: both(
      (value) => ((value as unknown[]).length > 0 ? null : "is empty"),
      each(oneOf("ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany", "ReadWriteOncePod")),
    ),
    dataSource: EPHEMERAL,
    dataSourceRef: EPHEMERAL,
    selector: EPHEMERAL,
    volumeName: EPHEMERAL,
    volumeAttributesClassName: EPHEMERAL,
    storageClassName: subdomain,
    volumeMode: oneOf("Filesystem"),
  },
  TopologySpreadConstraint: {
    maxSkew: positive,
    minDomains: positive,
    topologyKey: qualified,
    whenUnsatisfiable: oneOf("DoNotSchedule", "ScheduleAnyway"),
    nodeAffinityPolicy: oneOf("Honor", "Ignore"),
    nodeTaintsPolicy: oneOf("Honor", "Ignore"),
    matchLabelKeys: each(qualified),
  },
  Toleration: {
    key: qualified,
    operator: oneOf("Exists", "Equal"),
    value: text(isLabelValue, "is no value of a taint"),
    effect: oneOf("NoSchedule", "PreferNoSchedule", "NoExecute"),
  },
  NodeSelectorRequirement: { operator: oneOf("In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt") },
  LabelSelectorRequirement: { key: qualified, operator: oneOf("In", "NotIn", "Exists", "DoesNotExist") },
  LabelSelector: { matchLabels: labels },
  PreferredSchedulingTerm: { weight },
  WeightedPodAffinityTerm: { weight },
  PodAffinityTerm: {
    topologyKey: qualified,
    namespaces: each(label),
    matchLabelKeys: each(qualified),
    mismatchLabelKeys: each(qualified),
  },
  HostAlias: { ip, hostnames: each(subdomain) },
  PodDNSConfig: {
    nameservers: both(each(ip), (value) => ((value as unknown[]).length <= 3 ? null : "has more than 3 addresses")),
    searches: both(each(subdomain), (value) => ((value as unknown[]).length <= 32 ? null : "has more than 32 domains")),
  },
  PodDNSConfigOption: { name: notEmpty },
  PodReadinessGate: { conditionType: qualified },
  PodSchedulingGate: { name: qualified },
  PodResourceClaim: { name: label, resourceClaimName: subdomain, resourceClaimTemplateName: subdomain },
};

/** Annotations that the API server reads itself. */
export function ownAnnotations(annotations: unknown): string | null {
  for (const [key, value] of Object.entries(annotations as object)) {
    if (/^(container\.)?(apparmor\.security\.beta|seccomp\.security\.alpha)\.kubernetes\.io/.test(key))
      return `has the key \`${key}\`, in whose place there is securityContext`;
    if (
      key === "controller.kubernetes.io/pod-deletion-cost" &&
      value !== null &&
      !/^(0|-?[1-9]\d{0,8})$/.test(String(value))
    )
      return `has no whole number for \`${key}\``;
  }
  return null;
}

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
