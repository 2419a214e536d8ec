/** npm packs a file with the mode that it has, which is a matter of who checked it out: all get the usual one. */
import { chmod, readdir } from "node:fs/promises";
import { join } from "node:path";

const PROGRAMS: ReadonlySet<string> = new Set(["dist/bin.js"]);

/** @param packed names in `root`: what package.json lists in `files`, and what npm packs beside it */
export async function usualModes(root: string, packed: readonly string[]): Promise<void> {
  for (const name of packed) for (const file of await filesOf(root, name)) await chmod(join(root, file), modeOf(file));
}

const modeOf = (file: string): number => (PROGRAMS.has(file) ? 0o755 : 0o644);

async function filesOf(root: string, name: string): Promise<string[]> {
  const entries = await readdir(join(root, name), { withFileTypes: true, recursive: true }).catch(() => null);
  // No folder: the file itself.
  if (entries === null) return [name];
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length).replace(/^\//, ""));
}
