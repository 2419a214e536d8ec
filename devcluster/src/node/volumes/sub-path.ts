import { mkdir, realpath, stat } from "node:fs/promises";
import { join } from "node:path";
import { ContainerConfigError } from "../environment.ts";
import { inside } from "./files.ts";

/**
 * The place of a subPath, as the kubelet finds it (its rule as we know it; not measured on a node): made with the volume's mode where it is
 * missing; links are followed while they stay in the volume. Throws ContainerConfigError when they lead out of it.
 *
 * @param at names the mount, as the kubelet's message does
 */
export async function subPathOnHost(volume: string, subPath: string, at: string): Promise<string> {
  const path = join(volume, inside(subPath));
  if ((await stat(path).catch(() => undefined)) === undefined) {
    const { mode } = await stat(volume);
    await mkdir(path, { recursive: true, mode: mode & 0o777 }).catch(() => {
      throw new ContainerConfigError(`failed to create subPath directory for ${at}`);
    });
  }
  const [real, base] = [await realpath(path), await realpath(volume)];
  if (real !== base && !real.startsWith(`${base}/`))
    throw new ContainerConfigError(`failed to prepare subPath for ${at}`);
  return real;
}
