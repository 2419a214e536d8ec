import { randomBytes } from "node:crypto";
import { chmod, mkdir, readdir, readlink, rename, rm, symlink, writeFile } from "node:fs/promises";
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

/** The link to the folder with the files as they are now. */
const DATA = "..data";

/**
 * Writes the files with their modes, whatever the umask is, laid out as by the kubelet: in a folder of their own that
 * `..data` points to, with a link for each top-level name. So a later version of them appears at once, and a process that has
 * opened one keeps it.
 */
export async function writeFiles(directory: string, files: readonly VolumeFile[]): Promise<void> {
  await mkdir(directory, { recursive: true });
  const before = await readlink(join(directory, DATA)).catch(() => undefined);
  const version = `..${randomBytes(8).toString("hex")}`;
  await mkdir(join(directory, version));
  for (const { path, bytes, mode } of files) {
    const file = join(directory, version, inside(path));
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, bytes);
    await chmod(file, mode);
  }
  await symlink(version, join(directory, "..data_tmp"));
  await rename(join(directory, "..data_tmp"), join(directory, DATA));
  const names = new Set(files.map(({ path }) => inside(path).split("/")[0] ?? ""));
  const shown = (await readdir(directory)).filter((name) => !name.startsWith(".."));
  for (const name of names) if (!shown.includes(name)) await symlink(join(DATA, name), join(directory, name));
  for (const name of shown) if (!names.has(name)) await rm(join(directory, name));
  if (before !== undefined) await rm(join(directory, before), { recursive: true, force: true });
}

/** A relative path that stays below where it starts. */
export function inside(path: string): string {
  const clean = normalize(path);
  if (isAbsolute(clean) || clean === ".." || clean.startsWith("../"))
    throw new MountError(`path must stay inside: ${path}`);
  return clean;
}
