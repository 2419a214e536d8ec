import { lstat, readdir, rm } from "node:fs/promises";
import { join } from "node:path";

/** Milliseconds that a transcript is kept after its last line (30 days). */
const KEPT_MS = 30 * 86_400_000;

/** Removes old transcripts. Never rejects: what cannot be removed now is next time. @param now milliseconds since 1970 */
export async function sweepTranscripts(folder: string, now: number): Promise<void> {
  // A link in its place, where pods share the folder, would lead anywhere.
  const isFolder = await lstat(folder).then(
    (found) => found.isDirectory(),
    () => false,
  );
  const names = isFolder ? await readdir(folder).catch(() => []) : [];
  for (const name of names.filter((one) => one.endsWith(".jsonl"))) {
    const file = join(folder, name);
    const found = await lstat(file).catch(() => null);
    if (found && now - found.mtimeMs > KEPT_MS) await rm(file, { force: true }).catch(() => undefined);
  }
}
