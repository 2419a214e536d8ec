import { list, type Plain, plain } from "../../store/plain.ts";
import { parseQuantity } from "../defaults/quantity.ts";
import type { Complaints } from "./errors.ts";
import { configKey, dnsLabel, dnsSubdomain, envName } from "./formats.ts";

const MAX_ID = 2 ** 31 - 1;

export interface ContainerContext {
  readonly volumes: ReadonlySet<string>;
  /** Names already used in the pod; every container of any sort takes one. */
  readonly taken: Set<string>;
}

export function validateContainer(
  container: Plain,
  at: string,
  context: ContainerContext,
  complaints: Complaints,
): void {
  const name = String(container.name ?? "");
  if (name === "") complaints.required(`${at}.name`);
  else {
    const wrong = dnsLabel(name);
    if (wrong !== undefined) complaints.invalid(`${at}.name`, name, wrong);
    if (context.taken.has(name)) complaints.duplicate(`${at}.name`, name);
    context.taken.add(name);
  }
  const { image } = container;
  if (image === undefined || image === "") complaints.required(`${at}.image`);
  else if (String(image) !== String(image).trim()) {
    complaints.invalid(`${at}.image`, image, "must not have leading or trailing whitespace");
  }
  complaints.oneOf(`${at}.imagePullPolicy`, container.imagePullPolicy, ["Always", "IfNotPresent", "Never"]);
  complaints.oneOf(`${at}.terminationMessagePolicy`, container.terminationMessagePolicy, [
    "File",
    "FallbackToLogsOnError",
  ]);
  for (const [i, env] of list(container.env).entries()) validateEnv(plain(env), `${at}.env[${i}]`, complaints);
  for (const [i, source] of list(container.envFrom).entries()) {
    validateEnvFrom(plain(source), `${at}.envFrom[${i}]`, complaints);
  }
  validateMounts(list(container.volumeMounts).map(plain), `${at}.volumeMounts`, context.volumes, complaints);
  validateResources(plain(container.resources), `${at}.resources`, complaints);
  validateSecurity(plain(container.securityContext), `${at}.securityContext`, complaints);
}

const SOURCES = ["fieldRef", "resourceFieldRef", "configMapKeyRef", "secretKeyRef", "fileKeyRef"];

function validateEnv(env: Plain, at: string, complaints: Complaints): void {
  const name = String(env.name ?? "");
  if (name === "") complaints.required(`${at}.name`);
  else {
    const wrong = envName(name);
    if (wrong !== undefined) complaints.invalid(`${at}.name`, name, wrong);
  }
  if (env.valueFrom === undefined) return;
  const from = plain(env.valueFrom);
  const given = SOURCES.filter((source) => from[source] !== undefined);
  const must = `must specify one of: \`${SOURCES.slice(0, -1).join("`, `")}\` or \`${SOURCES.at(-1)}\``;
  if (given.length === 0) complaints.invalid(`${at}.valueFrom`, "", must);
  else if (env.value !== undefined && env.value !== "") {
    complaints.invalid(`${at}.valueFrom`, "", "may not be specified when `value` is not empty");
  } else if (given.length > 1) {
    complaints.invalid(`${at}.valueFrom`, "", "may not have more than one field specified at a time");
  }
  for (const source of ["configMapKeyRef", "secretKeyRef"]) {
    if (from[source] === undefined) continue;
    const { name: object, key } = plain(from[source]);
    if (!object) complaints.required(`${at}.valueFrom.${source}.name`);
    if (!key) complaints.required(`${at}.valueFrom.${source}.key`);
    else {
      const wrong = configKey(String(key));
      if (wrong !== undefined) complaints.invalid(`${at}.valueFrom.${source}.key`, key, wrong);
    }
  }
}

function validateEnvFrom(source: Plain, at: string, complaints: Complaints): void {
  const given = ["configMapRef", "secretRef"].filter((kind) => source[kind] !== undefined);
  if (given.length === 0) complaints.invalid(at, "", "must specify one of: `configMapRef` or `secretRef`");
  if (given.length > 1) complaints.invalid(at, "", "may not have more than one field specified at a time");
  for (const kind of given) {
    const { name } = plain(source[kind]);
    if (!name) complaints.required(`${at}.${kind}.name`);
    else {
      const wrong = dnsSubdomain(String(name));
      if (wrong !== undefined) complaints.invalid(`${at}.${kind}.name`, name, wrong);
    }
  }
}

function validateMounts(
  mounts: readonly Plain[],
  at: string,
  volumes: ReadonlySet<string>,
  complaints: Complaints,
): void {
  const paths = new Set<unknown>();
  for (const [i, mount] of mounts.entries()) {
    const field = `${at}[${i}]`;
    if (!mount.name) complaints.required(`${field}.name`);
    else if (!volumes.has(String(mount.name))) complaints.notFound(`${field}.name`, mount.name);
    if (!mount.mountPath) complaints.required(`${field}.mountPath`);
    else if (paths.has(mount.mountPath)) complaints.invalid(`${field}.mountPath`, mount.mountPath, "must be unique");
    paths.add(mount.mountPath);
    for (const sub of ["subPath", "subPathExpr"]) validateSubPath(mount[sub], `${field}.${sub}`, complaints);
  }
}

export function validateSubPath(path: unknown, field: string, complaints: Complaints): void {
  if (typeof path !== "string" || path === "") return;
  if (path.startsWith("/")) complaints.invalid(field, path, "must be a relative path");
  if (path.split("/").includes("..")) complaints.invalid(field, path, "must not contain '..'");
}

function validateResources(resources: Plain, at: string, complaints: Complaints): void {
  const value = (kind: "limits" | "requests", name: string): bigint | undefined => {
    const text = plain(resources[kind])[name];
    return text === undefined ? undefined : parseQuantity(String(text))?.nano;
  };
  for (const kind of ["limits", "requests"] as const) {
    for (const [name, text] of Object.entries(plain(resources[kind]))) {
      if ((value(kind, name) ?? 0n) < 0n) {
        complaints.invalid(`${at}.${kind}.${name}`, text, "must be greater than or equal to 0");
      }
      const [, page] = /^hugepages-(.+)$/.exec(name) ?? [];
      const size = parseQuantity(page ?? "")?.nano ?? 0n;
      if (page !== undefined && (size <= 0n || (value(kind, name) ?? 0n) % size !== 0n))
        complaints.invalid(`${at}.${kind}[${name}]`, text, `${text} is not positive integer multiple of ${name}`);
    }
  }
  for (const [name, text] of Object.entries(plain(resources.requests))) {
    const limit = value("limits", name);
    const request = value("requests", name) ?? 0n;
    if (limit !== undefined && request > limit) {
      const shownLimit = String(plain(resources.limits)[name]);
      complaints.invalid(`${at}.requests`, text, `must be less than or equal to ${name} limit of ${shownLimit}`);
    }
  }
}

export function validateSecurity(security: Plain, at: string, complaints: Complaints): void {
  for (const field of ["runAsUser", "runAsGroup", "fsGroup"]) {
    complaints.between(`${at}.${field}`, security[field], 0, MAX_ID);
  }
  const { type } = plain(security.seccompProfile);
  if (security.seccompProfile !== undefined) {
    if (type === undefined) complaints.required(`${at}.seccompProfile.type`);
    complaints.oneOf(`${at}.seccompProfile.type`, type, ["Localhost", "RuntimeDefault", "Unconfined"]);
  }
  if (security.privileged === true && security.allowPrivilegeEscalation === false) {
    complaints.invalid(at, security, "cannot set `allowPrivilegeEscalation` to false and `privileged` to true");
  }
}
