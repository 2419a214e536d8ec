/** What the parts of a pod must have in common: names that are unique, and names that are there. */
import { MAX_ANNOTATIONS } from "../kubernetes-values.ts";
import { listOf, type ObjectRule, plain, wrong } from "./problem.ts";
import type { Plain, TemplateProblem } from "./walk.ts";

type At = readonly (string | { readonly key: string })[];

const named = (field: string, { name }: Plain): At => [field, { key: String(name) }];

export const podSpec: ObjectRule = (spec) => {
  const volumes = listOf(spec.volumes);
  const main = listOf(spec.containers);
  const init = listOf(spec.initContainers);
  return [
    ...twice("volumes", volumes),
    ...twice("containers", main),
    ...twice("initContainers", init, main),
    ...volumes.flatMap((volume) => volumeProblems(volume)),
    ...main.flatMap((one) => [
      ...containerProblems(one, named("containers", one), spec),
      ...(one.restartPolicy === undefined || one.restartPolicy === null
        ? []
        : [wrong("is for init containers", ...named("containers", one), "restartPolicy")]),
    ]),
    ...init.flatMap((one) => [
      ...containerProblems(one, named("initContainers", one), spec),
      ...initProblems(one, named("initContainers", one)),
    ]),
    ...dnsProblems(spec),
    ...together(spec),
  ];
};

function twice(field: string, items: readonly Plain[], others: readonly Plain[] = []): TemplateProblem[] {
  const names = [...others, ...items].map(({ name }) => name);
  return items
    .filter(({ name }) => names.indexOf(name) !== names.lastIndexOf(name))
    .map((item) => wrong("is a name that another one has", ...named(field, item)))
    .slice(0, 1);
}

function volumeProblems(volume: Plain): TemplateProblem[] {
  const kinds = Object.keys(volume).filter((key) => key !== "name" && (volume[key] ?? null) !== null);
  const at = named("volumes", volume);
  if (kinds.length === 0) return [wrong("has no kind, such as emptyDir", ...at)];
  const [first, second] = kinds;
  const more = `has two kinds, ${first} and ${second}; take one away with \`${first}: null\``;
  return kinds.length > 1 ? [wrong(more, ...at)] : [];
}

function containerProblems(container: Plain, at: At, spec: Plain): TemplateProblem[] {
  const volumes = listOf(spec.volumes).map(({ name }) => name);
  const claims = listOf(spec.resourceClaims).map(({ name }) => name);
  const mounts = listOf(container.volumeMounts);
  const paths = mounts.map(({ mountPath }) => mountPath);
  const ports = listOf(container.ports);
  const portNames = ports.map(({ name }) => name).filter((name) => name !== undefined);
  return [
    ...(container.image ? [] : [wrong("is missing", ...at, "image")]),
    ...mounts.flatMap(({ name, mountPath, mountPropagation }) => {
      const mount: At = [...at, "volumeMounts", { key: String(mountPath) }];
      const isPrivileged = plain(container.securityContext).privileged === true;
      return [
        ...(volumes.includes(name)
          ? []
          : [wrong(`names no volume of the pod (${JSON.stringify(name)})`, ...mount, "name")]),
        ...(paths.indexOf(mountPath) === paths.lastIndexOf(mountPath) ? [] : [wrong("is mounted twice", ...mount)]),
        ...(mountPropagation === "Bidirectional" && !isPrivileged
          ? [wrong("needs a privileged container", ...mount, "mountPropagation")]
          : []),
      ];
    }),
    ...(new Set(portNames).size < portNames.length ? [wrong("has a name twice", ...at, "ports")] : []),
    ...listOf(plain(container.resources).claims)
      .filter(({ name }) => !claims.includes(name))
      .map(() => wrong("names no resourceClaim of the pod", ...at, "resources", "claims")),
  ];
}

/** A setup step ends; a sidecar (`restartPolicy: Always`) runs beside the agent. */
function initProblems(container: Plain, at: At): TemplateProblem[] {
  const { restartPolicy } = container;
  if (restartPolicy === "Always") return [];
  if ((restartPolicy ?? null) !== null) return [wrong("can only be Always, for a sidecar", ...at, "restartPolicy")];
  return ["lifecycle", "livenessProbe", "readinessProbe", "startupProbe"]
    .filter((field) => (container[field] ?? null) !== null)
    .map((field) => wrong("is for a sidecar (`restartPolicy: Always`)", ...at, field));
}

function dnsProblems({ dnsPolicy, dnsConfig }: Plain): TemplateProblem[] {
  const servers = plain(dnsConfig).nameservers;
  const searches = plain(dnsConfig).searches;
  return [
    ...(dnsPolicy === "None" && !(Array.isArray(servers) && servers.length > 0)
      ? [wrong("is missing where dnsPolicy is None", "dnsConfig", "nameservers")]
      : []),
    ...(Array.isArray(searches) && searches.join(" ").length > 2048
      ? [wrong("has more than 2048 characters", "dnsConfig", "searches")]
      : []),
  ];
}

/** Settings that exclude one another. */
function together(spec: Plain): TemplateProblem[] {
  const hosts = ["hostNetwork", "hostPID", "hostIPC"].filter((field) => spec[field] === true);
  const constraints = listOf(spec.topologySpreadConstraints).map(
    (one) => `${one.topologyKey}/${one.whenUnsatisfiable}`,
  );
  const gates = listOf(spec.schedulingGates).map(({ name }) => name);
  const claims = listOf(spec.resourceClaims).map(({ name }) => name);
  const sysctls = listOf(plain(spec.securityContext).sysctls).map(({ name }) => name);
  const lists = { topologySpreadConstraints: constraints, schedulingGates: gates, resourceClaims: claims };
  return [
    ...(spec.hostUsers === false && hosts.length > 0 ? [wrong(`cannot stand beside ${hosts[0]}`, "hostUsers")] : []),
    ...(gates.length > 0 && spec.nodeName ? [wrong("cannot stand beside schedulingGates", "nodeName")] : []),
    ...Object.entries(lists)
      .filter(([, names]) => new Set(names).size < names.length)
      .map(([field]) => wrong("has one twice", field)),
    ...(new Set(sysctls).size < sysctls.length ? [wrong("has one twice", "securityContext", "sysctls")] : []),
  ];
}

export const podTemplate: ObjectRule = ({ metadata }) => {
  const annotations = Object.entries(plain(plain(metadata).annotations));
  const bytes = annotations.reduce((sum, [key, value]) => sum + Buffer.byteLength(`${key}${value}`), 0);
  return bytes > MAX_ANNOTATIONS
    ? [wrong(`has ${bytes} bytes, more than ${MAX_ANNOTATIONS}`, "metadata", "annotations")]
    : [];
};
