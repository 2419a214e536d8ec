import { isPlain, list, type Plain, plain } from "../../store/plain.ts";
import { validateSubPath } from "./container.ts";
import type { Complaints } from "./errors.ts";
import { dnsLabel } from "./formats.ts";

/** Checks the volumes of a pod; returns their names, which mounts may use. */
export function validateVolumes(volumes: readonly Plain[], at: string, complaints: Complaints): ReadonlySet<string> {
  const names = new Set<string>();
  for (const [i, volume] of volumes.entries()) {
    const field = `${at}[${i}]`;
    const name = String(volume.name ?? "");
    const wrong = name === "" ? undefined : dnsLabel(name);
    if (name === "") complaints.required(`${field}.name`);
    else if (wrong !== undefined) complaints.invalid(`${field}.name`, name, wrong);
    else if (names.has(name)) complaints.duplicate(`${field}.name`, name);
    names.add(name);
    validateSource(volume, field, complaints);
  }
  return names;
}

function validateSource(volume: Plain, at: string, complaints: Complaints): void {
  const sources = Object.keys(volume).filter((key) => key !== "name" && volume[key] !== undefined);
  if (sources.length === 0) complaints.required(at, "must specify a volume type");
  for (const extra of sources.slice(1)) {
    complaints.forbidden(`${at}.${extra}`, "may not specify more than 1 volume type");
  }
  const [kind] = sources;
  if (kind === undefined) return;
  const source = plain(volume[kind]);
  const field = `${at}.${kind}`;
  if (kind === "secret") {
    if (!source.secretName) complaints.required(`${field}.secretName`);
    validateItems(source, field, complaints);
  } else if (kind === "configMap") {
    if (!source.name) complaints.required(`${field}.name`);
    validateItems(source, field, complaints);
  } else if (kind === "persistentVolumeClaim") {
    if (!source.claimName) complaints.required(`${field}.claimName`);
  } else if (kind === "hostPath") {
    if (!source.path) complaints.required(`${field}.path`);
  } else if (kind === "projected") {
    for (const [i, projection] of list(source.sources).entries()) {
      for (const [name, part] of Object.entries(plain(projection))) {
        validateItems(plain(part), `${field}.sources[${i}].${name}`, complaints);
      }
    }
  }
}

function validateItems(source: Plain, at: string, complaints: Complaints): void {
  complaints.between(`${at}.defaultMode`, source.defaultMode, 0, 0o777);
  for (const [i, item] of list(source.items).filter(isPlain).entries()) {
    const field = `${at}.items[${i}]`;
    if (!item.key && item.fieldRef === undefined && item.resourceFieldRef === undefined)
      complaints.required(`${field}.key`);
    if (!item.path) complaints.required(`${field}.path`);
    validateSubPath(item.path, `${field}.path`, complaints);
    complaints.between(`${field}.mode`, item.mode, 0, 0o777);
  }
}
