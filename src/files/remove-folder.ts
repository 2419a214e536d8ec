/** Removes a folder with all that is in it, where pods may have written: no link on the way leads this process elsewhere. */
import { rmdir } from "node:fs/promises";
import { GuardedFileError } from "./guarded-file.ts";
import type { GuardedFolder } from "./guarded-folder.ts";

/** Names that are read at once: a folder may have more than memory should hold. */
const AT_ONCE = 1000;

/**
 * Resolves with false where there is none. Rejects as the system does, or with GuardedFileError for a link, a file, or another
 * volume that is mounted there.
 */
export async function removeFolder(parent: GuardedFolder, name: string): Promise<boolean> {
  {
    await using folder = await parent.enter(name);
    if (folder === null) return false;
    if ((await folder.device()) !== (await parent.device()))
      throw new GuardedFileError("ELSEWHERE", folder.path, "is another volume");
    await folder.letChange();
    await empty(folder);
  }
  await rmdir(parent.at(name));
  return true;
}

async function empty(folder: GuardedFolder): Promise<void> {
  for (;;) {
    const names = await folder.names(AT_ONCE);
    if (names.length === 0) return;
    for (const name of names) {
      if ((await folder.find(name))?.isDirectory()) await removeFolder(folder, name);
      else await folder.remove(name);
    }
  }
}
