import { lstat, readdir, rm } from "node:fs/promises";
import { join } from "node:path";

/** Milliseconds that a transcript is kept after its last line (30 days). */
const KEPT_MS = 30 * 86_400_000;

/** Removes old transcripts. Never rejects: what cannot be removed now is next time. @param now milliseconds since 1970 */
export async function sweepTranscripts(folder: string, now: number): Promise<void> {
  for (const file of await oldTranscripts(folder, now)) await rm(file, { force: true }).catch(() => undefined);
}

/** Paths of those that are not kept any longer. Never rejects. */
export async function oldTranscripts(folder: string, now: number): Promise<readonly string[]> {
  // A link in its place, where pods share the folder, would lead anywhere.
  const isFolder = await lstat(folder).then(
    (found) => found.isDirectory(),
    () => false,
  );
  const names = isFolder ? await readdir(folder).catch(() => []) : [];
  const old: string[] = [];
  for (const name of names.filter((one) => one.endsWith(".jsonl"))) {
    const file = join(folder, name);
    const found = await lstat(file).catch(() => null);
    if (found && now - found.mtimeMs > KEPT_MS) old.push(file);
  }
  return old;
}
