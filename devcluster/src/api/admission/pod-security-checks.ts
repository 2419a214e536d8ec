import { list, type Plain, plain } from "../../store/plain.ts";
import { containersOf } from "../defaults/pod-spec.ts";

export type Level = "privileged" | "baseline" | "restricted";

/** One check of the Pod Security Standards: undefined when the pod passes, else how the server words it. */
type Check = (pod: Pod) => string | undefined;

interface Pod {
  readonly spec: Plain;
  readonly security: Plain;
  readonly containers: readonly { readonly name: string; readonly container: Plain; readonly security: Plain }[];
}

const BASELINE_CAPABILITIES: ReadonlySet<unknown> = new Set([
  "AUDIT_WRITE",
  "CHOWN",
  "DAC_OVERRIDE",
  "FOWNER",
  "FSETID",
  "KILL",
  "MKNOD",
  "NET_BIND_SERVICE",
  "SETFCAP",
  "SETGID",
  "SETPCAP",
  "SETUID",
  "SYS_CHROOT",
]);
const RESTRICTED_VOLUMES: ReadonlySet<string> = new Set([
  "configMap",
  "csi",
  "downwardAPI",
  "emptyDir",
  "ephemeral",
  "image",
  "persistentVolumeClaim",
  "projected",
  "secret",
]);

/** In the server's order: sorted by the check's id. */
export function violations(spec: Plain, level: Level): string[] {
  if (level === "privileged") return [];
  const checks = level === "baseline" ? BASELINE : RESTRICTED;
  const containers = containersOf(spec).map((container) => ({
    name: String(container.name),
    container,
    security: plain(container.securityContext),
  }));
  const pod: Pod = { spec, security: plain(spec.securityContext), containers };
  return checks.map((check) => check(pod)).filter((text) => text !== undefined);
}

function named(names: readonly string[]): string {
  return `container${names.length > 1 ? "s" : ""} ${names.map((name) => `"${name}"`).join(", ")}`;
}

function failing(pod: Pod, fails: (security: Plain, container: Plain) => boolean): string[] {
  return pod.containers.filter(({ security, container }) => fails(security, container)).map(({ name }) => name);
}

/** A check whose answer is the list of the containers at fault. */
function perContainer(title: string, must: string, fails: (security: Plain, container: Plain) => boolean): Check {
  return (pod) => {
    const names = failing(pod, fails);
    return names.length === 0 ? undefined : `${title} (${named(names)} ${must})`;
  };
}

const allowPrivilegeEscalation = perContainer(
  "allowPrivilegeEscalation != false",
  "must set securityContext.allowPrivilegeEscalation=false",
  ({ allowPrivilegeEscalation: allowed }) => allowed !== false,
);

const capabilitiesBaseline: Check = (pod) => {
  const added = (security: Plain): unknown[] =>
    list(plain(security.capabilities).add).filter((it) => !BASELINE_CAPABILITIES.has(it));
  const names = failing(pod, (security) => added(security).length > 0);
  if (names.length === 0) return undefined;
  const all = [...new Set(pod.containers.flatMap(({ security }) => added(security)))].map((it) => `"${it}"`).join(", ");
  return `non-default capabilities (${named(names)} must not include ${all} in securityContext.capabilities.add)`;
};

const capabilitiesRestricted: Check = (pod) => {
  const drops = failing(pod, ({ capabilities }) => !list(plain(capabilities).drop).includes("ALL"));
  const extra = (security: Plain): unknown[] =>
    list(plain(security.capabilities).add).filter((it) => it !== "NET_BIND_SERVICE");
  const adds = failing(pod, (security) => extra(security).length > 0);
  const parts: string[] = [];
  if (drops.length > 0) parts.push(`${named(drops)} must set securityContext.capabilities.drop=["ALL"]`);
  if (adds.length > 0) {
    const all = [...new Set(pod.containers.flatMap(({ security }) => extra(security)))]
      .map((it) => `"${it}"`)
      .join(", ");
    parts.push(`${named(adds)} must not include ${all} in securityContext.capabilities.add`);
  }
  return parts.length === 0 ? undefined : `unrestricted capabilities (${parts.join("; ")})`;
};

const hostNamespaces: Check = ({ spec }) => {
  const used = ["hostNetwork", "hostPID", "hostIPC"].filter((field) => spec[field] === true);
  return used.length === 0 ? undefined : `host namespaces (${used.map((field) => `${field}=true`).join(", ")})`;
};

const hostPathVolumes: Check = ({ spec }) => {
  const names = volumesOf(spec)
    .filter((volume) => volume.hostPath !== undefined)
    .map(({ name }) => `"${name}"`);
  return names.length === 0 ? undefined : `hostPath volumes (volume${names.length > 1 ? "s" : ""} ${names.join(", ")})`;
};

const hostPorts: Check = (pod) => {
  const ports = (container: Plain): unknown[] =>
    list(container.ports)
      .map((port) => plain(port).hostPort)
      .filter((port) => Number(port ?? 0) > 0);
  const names = failing(pod, (_, container) => ports(container).length > 0);
  if (names.length === 0) return undefined;
  const all = [...new Set(pod.containers.flatMap(({ container }) => ports(container)))];
  return `hostPort (${named(names)} ${names.length > 1 ? "use" : "uses"} hostPort${all.length > 1 ? "s" : ""} ${all.join(", ")})`;
};

const privileged = perContainer(
  "privileged",
  "must not set securityContext.privileged=true",
  (security) => security.privileged === true,
);

const procMount = perContainer(
  "procMount",
  'must not set securityContext.procMount to "Unmasked"',
  (security) => security.procMount === "Unmasked",
);

const restrictedVolumes: Check = ({ spec }) => {
  const bad = volumesOf(spec)
    .map((volume) => ({ name: volume.name, type: Object.keys(volume).find((key) => key !== "name") ?? "unknown" }))
    .filter(({ type }) => !RESTRICTED_VOLUMES.has(type));
  if (bad.length === 0) return undefined;
  const names = bad.map(({ name }) => `"${name}"`).join(", ");
  const types = [...new Set(bad.map(({ type }) => `"${type}"`))];
  const verb = bad.length > 1 ? "volumes" : "volume";
  return `restricted volume types (${verb} ${names} ${bad.length > 1 ? "use" : "uses"} restricted volume type${types.length > 1 ? "s" : ""} ${types.join(", ")})`;
};

const runAsNonRoot: Check = (pod) => {
  const explicit = failing(pod, (security) => security.runAsNonRoot === false);
  const parts: string[] = [];
  if (pod.security.runAsNonRoot === false) parts.push("pod must not set securityContext.runAsNonRoot=false");
  if (explicit.length > 0) parts.push(`${named(explicit)} must not set securityContext.runAsNonRoot=false`);
  if (parts.length > 0) return `runAsNonRoot != true (${parts.join(" and ")})`;
  if (pod.security.runAsNonRoot === true) return undefined;
  const unset = failing(pod, (security) => security.runAsNonRoot !== true);
  return unset.length === 0
    ? undefined
    : `runAsNonRoot != true (pod or ${named(unset)} must set securityContext.runAsNonRoot=true)`;
};

const runAsUser: Check = (pod) => {
  const names = failing(pod, (security) => security.runAsUser === 0);
  const parts: string[] = [];
  if (pod.security.runAsUser === 0) parts.push("pod must not set runAsUser=0");
  if (names.length > 0) parts.push(`${named(names)} must not set runAsUser=0`);
  return parts.length === 0 ? undefined : `runAsUser=0 (${parts.join(" and ")})`;
};

const typeOf = (security: Plain): unknown => plain(security.seccompProfile).type;

const seccompBaseline: Check = (pod) => {
  const names = failing(pod, (security) => typeOf(security) === "Unconfined");
  const parts: string[] = [];
  if (typeOf(pod.security) === "Unconfined")
    parts.push('pod must not set securityContext.seccompProfile.type to "Unconfined"');
  if (names.length > 0) parts.push(`${named(names)} must not set securityContext.seccompProfile.type to "Unconfined"`);
  return parts.length === 0 ? undefined : `seccompProfile (${parts.join(" and ")})`;
};

const seccompRestricted: Check = (pod) => {
  const unconfined = seccompBaseline(pod);
  if (unconfined !== undefined) return unconfined;
  if (typeOf(pod.security) !== undefined) return undefined;
  const unset = failing(pod, (security) => typeOf(security) === undefined);
  return unset.length === 0
    ? undefined
    : `seccompProfile (pod or ${named(unset)} must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")`;
};

function volumesOf(spec: Plain): Plain[] {
  return list(spec.volumes).map(plain);
}

const BASELINE: readonly Check[] = [
  capabilitiesBaseline,
  hostNamespaces,
  hostPathVolumes,
  hostPorts,
  privileged,
  procMount,
  seccompBaseline,
];

const RESTRICTED: readonly Check[] = [
  allowPrivilegeEscalation,
  capabilitiesRestricted,
  hostNamespaces,
  hostPorts,
  privileged,
  procMount,
  restrictedVolumes,
  runAsNonRoot,
  runAsUser,
  seccompRestricted,
];
