import { isPlain, list, type Plain, plain } from "../../store/plain.ts";
import { badRequest } from "../api-error.ts";
import { canonicalQuantity } from "./quantity.ts";

const FILE_MODE = 420;

/** What the server fills in where a pod spec has no value; compared with recorded objects of 1.36. */
export function defaultPodSpec(spec: Plain): void {
  spec.restartPolicy ??= "Always";
  spec.terminationGracePeriodSeconds ??= 30;
  spec.dnsPolicy ??= "ClusterFirst";
  spec.securityContext ??= {};
  spec.schedulerName ??= "default-scheduler";
  spec.serviceAccountName ??= spec.serviceAccount;
  if (spec.serviceAccountName === undefined) delete spec.serviceAccountName;
  else spec.serviceAccount = spec.serviceAccountName;
  for (const volume of list(spec.volumes)) defaultVolume(plain(volume));
  for (const container of containersOf(spec)) defaultContainer(container);
}

/** All containers of a spec, the initial ones first, those added later last; the real objects, to be changed in place. */
export function containersOf(spec: Plain): Plain[] {
  return [...list(spec.initContainers), ...list(spec.containers), ...list(spec.ephemeralContainers)].filter(isPlain);
}

function defaultVolume(volume: Plain): void {
  const { secret, configMap, projected, downwardAPI, hostPath } = volume;
  for (const source of [secret, configMap, projected, downwardAPI]) {
    if (isPlain(source)) source.defaultMode ??= FILE_MODE;
  }
  if (isPlain(hostPath)) hostPath.type ??= "";
  if (Object.keys(volume).every((key) => key === "name")) volume.emptyDir = {};
  for (const item of list(plain(downwardAPI).items)) defaultFieldRef(plain(item).fieldRef);
  for (const source of list(plain(projected).sources)) {
    const { serviceAccountToken, downwardAPI: fields } = plain(source);
    if (isPlain(serviceAccountToken)) serviceAccountToken.expirationSeconds ??= 3600;
    for (const item of list(plain(fields).items)) defaultFieldRef(plain(item).fieldRef);
  }
}

function defaultFieldRef(ref: unknown): void {
  if (isPlain(ref)) ref.apiVersion ??= "v1";
}

function defaultContainer(container: Plain): void {
  container.resources ??= {};
  container.terminationMessagePath ??= "/dev/termination-log";
  container.terminationMessagePolicy ??= "File";
  container.imagePullPolicy ??= isLatest(String(container.image ?? "")) ? "Always" : "IfNotPresent";
  for (const port of list(container.ports)) plain(port).protocol ??= "TCP";
  for (const env of list(container.env)) {
    const { fieldRef, resourceFieldRef } = plain(plain(env).valueFrom);
    defaultFieldRef(fieldRef);
    if (isPlain(resourceFieldRef)) resourceFieldRef.divisor ??= "0";
  }
  for (const probe of ["livenessProbe", "readinessProbe", "startupProbe"]) defaultProbe(container[probe]);
  defaultResources(plain(container.resources));
}

function defaultProbe(probe: unknown): void {
  if (!isPlain(probe)) return;
  probe.timeoutSeconds ??= 1;
  probe.periodSeconds ??= 10;
  probe.successThreshold ??= 1;
  probe.failureThreshold ??= 3;
  if (isPlain(probe.httpGet)) {
    probe.httpGet.path ??= "/";
    probe.httpGet.scheme ??= "HTTP";
  }
}

function defaultResources(resources: Plain): void {
  for (const kind of ["limits", "requests"]) {
    for (const [name, value] of Object.entries(plain(resources[kind]))) {
      const canonical = canonicalQuantity(String(value));
      if (canonical === undefined) {
        throw badRequest("quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'");
      }
      plain(resources[kind])[name] = canonical;
    }
  }
}

/** A pod, but not a template, gets requests from its limits. */
export function defaultRequests(spec: Plain): void {
  for (const container of containersOf(spec)) {
    const resources = plain(container.resources);
    const limits = plain(resources.limits);
    if (Object.keys(limits).length > 0) resources.requests = { ...limits, ...plain(resources.requests) };
  }
}

/** `image`, `image:latest`: no digest, and the tag `latest` or none. */
function isLatest(image: string): boolean {
  if (image.includes("@")) return false;
  const tag = /:([^/]*)$/.exec(image)?.[1];
  return tag === undefined || tag === "latest";
}
