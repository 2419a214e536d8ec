import { mkdir, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { HostPathVolumeSource, ProjectedVolumeSource, Volume } from "kubernetes-types/core/v1";
import type { PersistentVolumeClaim, Pod } from "../../controllers/objects.ts";
import { plain } from "../../store/plain.ts";
import type { Store } from "../../types.ts";
import { configMapData, secretData } from "../environment.ts";
import { fieldOf } from "../fields.ts";
import type { PodFiles } from "../pod-files.ts";
import { filesOf, MountError, type VolumeFile, writeFiles } from "./files.ts";

export interface MountContext {
  readonly store: Pick<Store, "get">;
  readonly pod: Pod;
  readonly files: PodFiles;
  /** Where claims have their directories, for as long as the cluster lives. */
  readonly claims: string;
}

/** What the kubelet calls a volume: a claim's is named after the PersistentVolume that it is bound to. */
export function nameOnNode({ store, pod }: Pick<MountContext, "store" | "pod">, volume: Volume): string {
  const claimName = volume.persistentVolumeClaim?.claimName ?? "";
  const bound = store.get<PersistentVolumeClaim>("persistentvolumeclaims", pod.metadata.namespace, claimName);
  return bound?.spec.volumeName ?? volume.name;
}

/** Makes the volume and returns its place on the host. Throws MountError for what is missing or not simulated. */
export async function mount(context: MountContext, volume: Volume): Promise<string> {
  const own = context.files.volume(volume.name);
  if (volume.hostPath !== undefined) return await hostPath(volume.hostPath);
  if (volume.persistentVolumeClaim !== undefined) return await claim(context, volume.persistentVolumeClaim.claimName);
  if (volume.emptyDir !== undefined) await mkdir(own, { recursive: true });
  else await writeFiles(own, contents(context, volume));
  return own;
}

function contents(context: MountContext, { secret, configMap, projected, downwardAPI, ...rest }: Volume): VolumeFile[] {
  if (secret !== undefined) return ofSecret(context, { ...secret, name: secret.secretName }, secret.defaultMode);
  if (configMap !== undefined) return ofConfigMap(context, configMap, configMap.defaultMode);
  if (projected !== undefined) return ofProjected(context, projected);
  if (downwardAPI !== undefined) return ofDownward(context.pod, downwardAPI.items ?? [], downwardAPI.defaultMode);
  const kind = Object.keys(rest).find((key) => key !== "name") ?? "unknown";
  throw new MountError(`the devcluster has no volumes of type ${kind}`);
}

interface Reference {
  readonly name?: string | undefined;
  readonly items?: readonly { key: string; path: string; mode?: number }[];
  readonly optional?: boolean;
}

function ofSecret({ store, pod }: MountContext, reference: Reference, defaultMode?: number): VolumeFile[] {
  const { name = "", items, optional } = reference;
  const data = secretData(store, pod.metadata.namespace, name);
  if (data === undefined && optional !== true) throw new MountError(`secret "${name}" not found`);
  return filesOf(data ?? new Map(), { kind: "secret", items: items?.slice(), optional, defaultMode });
}

function ofConfigMap({ store, pod }: MountContext, reference: Reference, defaultMode?: number): VolumeFile[] {
  const { name = "", items, optional } = reference;
  const data = configMapData(store, pod.metadata.namespace, name);
  if (data === undefined && optional !== true) throw new MountError(`configmap "${name}" not found`);
  return filesOf(data ?? new Map(), { kind: "config", items: items?.slice(), optional, defaultMode });
}

function ofDownward(
  pod: Pod,
  items: readonly { path: string; mode?: number; fieldRef?: { fieldPath: string } }[],
  defaultMode = 0o644,
): VolumeFile[] {
  return items.map(({ path, mode, fieldRef }) => ({
    path,
    mode: mode ?? defaultMode,
    bytes: Buffer.from(fieldRef === undefined ? "" : fieldOf(pod, fieldRef.fieldPath)),
  }));
}

/** Service account tokens are left out: the pods of a devcluster have no identity. */
function ofProjected(context: MountContext, { sources = [], defaultMode }: ProjectedVolumeSource): VolumeFile[] {
  return sources.flatMap(({ secret, configMap, downwardAPI }) => [
    ...(secret === undefined ? [] : ofSecret(context, secret, defaultMode)),
    ...(configMap === undefined ? [] : ofConfigMap(context, configMap, defaultMode)),
    ...(downwardAPI === undefined ? [] : ofDownward(context.pod, downwardAPI.items ?? [], defaultMode)),
  ]);
}

async function claim({ store, pod, claims }: MountContext, name: string): Promise<string> {
  const { namespace } = pod.metadata;
  const found = store.get<PersistentVolumeClaim>("persistentvolumeclaims", namespace, name);
  if (found === undefined) throw new MountError(`persistentvolumeclaim "${name}" not found`);
  const volume = store.get("persistentvolumes", "", found.spec.volumeName ?? "");
  const source = plain(volume?.spec).hostPath as HostPathVolumeSource | undefined;
  if (source !== undefined) return await hostPath(source);
  const directory = join(claims, namespace, name);
  await mkdir(directory, { recursive: true });
  return directory;
}

async function hostPath({ path, type = "" }: HostPathVolumeSource): Promise<string> {
  if (type === "DirectoryOrCreate") await mkdir(path, { recursive: true });
  if (type === "FileOrCreate") {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, "", { flag: "a" });
  }
  const found = await stat(path).catch(() => undefined);
  const wrong =
    (type === "Directory" && found?.isDirectory() !== true && "a directory") ||
    (type === "File" && found?.isFile() !== true && "a file");
  if (wrong) throw new MountError(`hostPath type check failed: ${path} is not ${wrong}`);
  return path;
}
