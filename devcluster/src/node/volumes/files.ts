import { chmod, mkdir, writeFile } from "node:fs/promises";
import { dirname, isAbsolute, join, normalize } from "node:path";
import type { KeyToPath } from "kubernetes-types/core/v1";

/** A volume that cannot be mounted; the message goes into the FailedMount event. */
export class MountError extends Error {
  override readonly name = "MountError";
}

export interface VolumeFile {
  readonly path: string;
  readonly mode: number;
  readonly bytes: Buffer;
}

const DEFAULT_MODE = 0o644;

export interface Selection {
  readonly kind: "secret" | "config";
  readonly items: readonly KeyToPath[] | undefined;
  readonly defaultMode: number | undefined;
  readonly optional: boolean | undefined;
}

/** The files of a Secret or ConfigMap: all keys, or those that `items` names under the paths that it gives. */
export function filesOf(data: ReadonlyMap<string, Buffer>, selection: Selection): VolumeFile[] {
  const { items, defaultMode = DEFAULT_MODE } = selection;
  if (items === undefined) return [...data].map(([path, bytes]) => ({ path, bytes, mode: defaultMode }));
  return items.flatMap(({ key, path, mode }) => {
    const bytes = data.get(key);
    if (bytes !== undefined) return [{ path, bytes, mode: mode ?? defaultMode }];
    if (selection.optional === true) return [];
    throw new MountError(`references non-existent ${selection.kind} key: ${key}`);
  });
}

/** Writes the files with their modes, whatever the umask is. */
export async function writeFiles(directory: string, files: readonly VolumeFile[]): Promise<void> {
  await mkdir(directory, { recursive: true });
  for (const { path, bytes, mode } of files) {
    const file = join(directory, inside(path));
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, bytes);
    await chmod(file, mode);
  }
}

/** A relative path that stays below where it starts. */
export function inside(path: string): string {
  const clean = normalize(path);
  if (isAbsolute(clean) || clean === ".." || clean.startsWith("../"))
    throw new MountError(`path must stay inside: ${path}`);
  return clean;
}
