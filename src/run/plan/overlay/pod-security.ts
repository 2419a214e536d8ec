/**
 * The Pod Security Standards (1.36), each violation with its place: a namespace that enforces them would refuse the pod only
 * after its Job was created.
 */
import { listOf, plain, wrong } from "../../../config/pod-template/problem.ts";
import type { Plain, TemplateProblem } from "../../../config/pod-template/walk.ts";
import type { Policy } from "../../../policy/policy.ts";

type Level = Policy["podSecurity"];

interface Container {
  readonly at: readonly (string | { readonly key: string })[];
  readonly container: Plain;
  readonly security: Plain;
}

/** @param spec of a pod whose types are right */
export function securityProblems(spec: Plain, level: Level): readonly TemplateProblem[] {
  if (level === "privileged") return [];
  const containers = (["initContainers", "containers"] as const).flatMap((field) =>
    listOf(spec[field]).map((container): Container => {
      const at = [field, { key: String(container.name) }];
      return { at, container, security: plain(container.securityContext) };
    }),
  );
  const baseline = [...hostProblems(spec), ...podProblems(spec), ...containers.flatMap(baselineProblems)];
  if (level === "baseline") return baseline;
  return [...baseline, ...volumeProblems(spec), ...userProblems(spec, containers), ...containers.flatMap(restricted)];
}

function hostProblems(spec: Plain): TemplateProblem[] {
  return [
    ...["hostNetwork", "hostPID", "hostIPC"]
      .filter((field) => spec[field] === true)
      .map((field) => wrong("gives the pod a namespace of the node", field)),
    ...listOf(spec.volumes)
      .filter(({ hostPath }) => hostPath !== undefined && hostPath !== null)
      .map(({ name }) => wrong("is a volume of the node", "volumes", { key: String(name) }, "hostPath")),
  ];
}

const SAFE_SYSCTLS = [
  "kernel.shm_rmid_forced",
  "net.ipv4.ip_local_port_range",
  "net.ipv4.ip_unprivileged_port_start",
  "net.ipv4.tcp_syncookies",
  "net.ipv4.ping_group_range",
  "net.ipv4.ip_local_reserved_ports",
  "net.ipv4.tcp_keepalive_time",
  "net.ipv4.tcp_fin_timeout",
  "net.ipv4.tcp_keepalive_intvl",
  "net.ipv4.tcp_keepalive_probes",
];

function podProblems(spec: Plain): TemplateProblem[] {
  const security = plain(spec.securityContext);
  return [
    ...listOf(security.sysctls)
      .filter(({ name }) => !SAFE_SYSCTLS.includes(String(name).replaceAll("/", ".")))
      .map(({ name }) => wrong(`has ${name}, which is not one that a pod may set`, "securityContext", "sysctls")),
    ...profileProblems(security, ["securityContext"]),
  ];
}

const SELINUX_TYPES = ["", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"];

/** seccomp, AppArmor and SELinux, of a pod or of a container. */
function profileProblems(security: Plain, at: Container["at"]): TemplateProblem[] {
  const { type, user, role } = plain(security.seLinuxOptions);
  return [
    ...(["seccompProfile", "appArmorProfile"] as const)
      .filter((field) => plain(security[field]).type === "Unconfined")
      .map((field) => wrong("is Unconfined", ...at, field, "type")),
    ...(SELINUX_TYPES.includes(String(type ?? ""))
      ? []
      : [wrong("is not one of a container", ...at, "seLinuxOptions", "type")]),
    ...(user || role ? [wrong("has a user or a role", ...at, "seLinuxOptions")] : []),
  ];
}

const DEFAULT_CAPABILITIES = [
  ...["AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE"],
  ...["SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT"],
];

function baselineProblems({ at, container, security }: Container): TemplateProblem[] {
  const here = [...at, "securityContext"];
  return [
    ...(security.privileged === true ? [wrong("is true", ...here, "privileged")] : []),
    ...added(security)
      .filter((name) => !DEFAULT_CAPABILITIES.includes(name))
      .map((name) => wrong(`has ${name}`, ...here, "capabilities", "add")),
    ...listOf(container.ports)
      .filter(({ hostPort }) => Number(hostPort ?? 0) > 0)
      .map(({ containerPort }) =>
        wrong("is a port of the node", ...at, "ports", { key: String(containerPort) }, "hostPort"),
      ),
    ...profileProblems(security, here),
  ];
}

const added = (security: Plain): string[] => {
  const { add } = plain(security.capabilities);
  return Array.isArray(add) ? add.map(String) : [];
};

const VOLUMES = [
  ...[
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "image",
    "persistentVolumeClaim",
    "projected",
    "secret",
  ],
];

function volumeProblems(spec: Plain): TemplateProblem[] {
  return listOf(spec.volumes).flatMap((volume) =>
    Object.keys(volume)
      .filter((kind) => kind !== "name" && kind !== "hostPath" && !VOLUMES.includes(kind) && volume[kind] !== null)
      .map((kind) =>
        wrong(`is of a forbidden kind (allowed: ${VOLUMES.join(", ")})`, "volumes", { key: String(volume.name) }, kind),
      ),
  );
}

function userProblems(spec: Plain, containers: readonly Container[]): TemplateProblem[] {
  const security = plain(spec.securityContext);
  const root = (one: Plain, at: Container["at"]): TemplateProblem[] => [
    ...(one.runAsUser === 0 ? [wrong("is root", ...at, "runAsUser")] : []),
    ...(one.runAsNonRoot === false ? [wrong("is false", ...at, "runAsNonRoot")] : []),
  ];
  const unset = security.runAsNonRoot === true ? [] : containers.filter((one) => one.security.runAsNonRoot !== true);
  return [
    ...root(security, ["securityContext"]),
    ...containers.flatMap((one) => root(one.security, [...one.at, "securityContext"])),
    ...(unset.length > 0 && security.runAsNonRoot !== false
      ? [wrong("is not true", "securityContext", "runAsNonRoot")]
      : []),
    ...(plain(security.seccompProfile).type === undefined &&
    containers.some((one) => !plain(one.security.seccompProfile).type)
      ? [wrong("is missing", "securityContext", "seccompProfile")]
      : []),
  ];
}

function restricted({ at, security }: Container): TemplateProblem[] {
  const here = [...at, "securityContext"];
  const { drop } = plain(security.capabilities);
  return [
    ...(security.allowPrivilegeEscalation === false
      ? []
      : [wrong("is not false", ...here, "allowPrivilegeEscalation")]),
    ...(Array.isArray(drop) && drop.includes("ALL")
      ? []
      : [wrong("does not hold ALL", ...here, "capabilities", "drop")]),
    ...added(security)
      .filter((name) => name !== "NET_BIND_SERVICE" && DEFAULT_CAPABILITIES.includes(name))
      .map((name) => wrong(`has ${name}`, ...here, "capabilities", "add")),
  ];
}
