import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import { parseQuantity, writeQuantity } from "../api/defaults/quantity.ts";
import type { Pod } from "../controllers/objects.ts";
import type { PodFiles } from "./pod-files.ts";

const NANO = 1_000_000_000n;

/**
 * What the pod takes too much of, in the kubelet's words: of an emptyDir with a limit, or of all that its containers may
 * have. Undefined while it fits.
 */
export async function overuseOf({ spec }: Pod, files: PodFiles): Promise<string | undefined> {
  for (const { name, emptyDir } of spec.volumes ?? []) {
    const limit = parseQuantity(String(emptyDir?.sizeLimit ?? ""));
    if (limit && BigInt(await bytesBelow(files.volume(name))) * NANO > limit.nano) {
      return `Usage of EmptyDir volume "${name}" exceeds the limit "${writeQuantity(limit)}". `;
    }
  }
  const limits = spec.containers.flatMap(({ resources }) => {
    const limit = resources?.limits?.["ephemeral-storage"];
    return (limit === undefined ? undefined : parseQuantity(String(limit))) ?? [];
  });
  if (limits.length === 0) return undefined;
  const total = limits.reduce((sum, { nano, binary }) => ({ nano: sum.nano + nano, binary: sum.binary || binary }));
  const used = (await bytesBelow(files.directory)) + (await bytesBelow(files.logs));
  if (BigInt(used) * NANO <= total.nano) return undefined;
  return `Pod ephemeral local storage usage exceeds the total limit of containers ${writeQuantity(total)}. `;
}

/** What goes away while it is counted counts nothing. */
async function bytesBelow(folder: string): Promise<number> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const sizes = await Promise.all(
    entries.map(async (entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return await bytesBelow(path);
      return await lstat(path).then(
        ({ size }) => size,
        () => 0,
      );
    }),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}
