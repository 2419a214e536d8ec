import { basename, dirname } from "node:path";
import { GuardedFolder } from "../../../files/guarded-folder.ts";

/** Milliseconds that a transcript is kept after its last line (30 days). */
const KEPT_MS = 30 * 86_400_000;

/** Removes old transcripts. Never rejects: what cannot be removed now is next time. @param now milliseconds since 1970 */
export async function sweepTranscripts(folder: string, now: number): Promise<void> {
  await using kept = await enter(folder);
  for (const name of kept ? await oldIn(kept, now) : []) await kept?.remove(name).catch(() => undefined);
}

/** Names of those that are not kept any longer. Never rejects. */
export async function oldTranscripts(folder: string, now: number): Promise<readonly string[]> {
  await using kept = await enter(folder);
  return kept ? await oldIn(kept, now) : [];
}

/** Null where there is none. A link in its place, where pods share the folder, would lead anywhere. */
async function enter(folder: string): Promise<GuardedFolder | null> {
  try {
    await using parent = await GuardedFolder.open(dirname(folder));
    return await parent.enter(basename(folder));
  } catch {
    return null;
  }
}

async function oldIn(kept: GuardedFolder, now: number): Promise<readonly string[]> {
  const old: string[] = [];
  const names = await kept.names(Number.POSITIVE_INFINITY).catch(() => []);
  for (const name of names.filter((one) => one.endsWith(".jsonl"))) {
    const found = await kept.find(name).catch(() => null);
    if (found && !found.isDirectory() && now - found.mtimeMs > KEPT_MS) old.push(name);
  }
  return old;
}
