/** Removes the runners' copies of transcripts whose Job the cluster has removed by itself (its TTL), or a person. */
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { removeGuarded } from "../../files/guarded-file.ts";
import { isTranscriptCopy, transcriptCopiesIn } from "../plan/plan.ts";

/** Milliseconds since the last line: long after it, also the copy of a Job that we cannot see is of no use any more. */
const UNTOUCHED_FOR_MS = 24 * 60 * 60_000;
/** Milliseconds between two looks of this process into one home. */
const EVERY_MS = 60 * 60_000;

const lookedAt = new Map<string, number>();

/**
 * Never rejects: what cannot be removed now is next time.
 *
 * @param living names of the Jobs that are there
 */
export async function sweepTranscriptCopies(home: string, living: ReadonlySet<string>, now: number): Promise<void> {
  if (now - (lookedAt.get(home) ?? 0) < EVERY_MS) return;
  lookedAt.set(home, now);
  const folder = transcriptCopiesIn(home);
  const names = await readdir(folder).catch(() => []);
  for (const name of names.filter((one) => isTranscriptCopy(one) && !living.has(one))) {
    const file = join(folder, name);
    const found = await stat(file).catch(() => null);
    if (found?.isFile() && now - found.mtimeMs > UNTOUCHED_FOR_MS)
      await removeGuarded(file, home).catch(() => undefined);
  }
}
