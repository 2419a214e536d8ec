/** Removes the runners' copies of transcripts whose Job the cluster has removed by itself (its TTL), or a person. */
import { GuardedFolder } from "../../files/guarded-folder.ts";
import { HOMES_FOLDER, isTranscriptCopy, TRANSCRIPT_COPIES } from "../plan/plan.ts";

/** Milliseconds since the last line: long after it, also the copy of a Job that we cannot see is of no use any more. */
const UNTOUCHED_FOR_MS = 24 * 60 * 60_000;
/** Milliseconds between two looks of this process into one home. */
const EVERY_MS = 60 * 60_000;
/** Names in a folder that are looked at: agents write there. */
const MOST_NAMES = 10_000;

const lookedAt = new Map<string, number>();

/**
 * Once an hour. Never rejects: what cannot be removed now is next time.
 *
 * @param paperclipHome with the homes of its agents in it
 * @param living names of the Jobs that are there
 */
export async function sweepTranscriptCopies(
  paperclipHome: string,
  living: ReadonlySet<string>,
  now: number,
): Promise<void> {
  if (now - (lookedAt.get(paperclipHome) ?? 0) < EVERY_MS) return;
  lookedAt.set(paperclipHome, now);
  for await (const found of unownedTranscriptCopies(paperclipHome, living, now)) await removeTranscriptCopies(found);
}

/** Those in one home that belong to no Job any more. */
export interface TranscriptCopies {
  /** Open as long as the next one is not asked for. */
  readonly folder: GuardedFolder;
  readonly names: readonly string[];
}

/** Home by home. Never rejects. Parameters: see `sweepTranscriptCopies`. */
export async function* unownedTranscriptCopies(
  paperclipHome: string,
  living: ReadonlySet<string>,
  now: number,
): AsyncGenerator<TranscriptCopies> {
  try {
    await using home = await GuardedFolder.open(paperclipHome);
    yield* copiesIn(home, living, now);
    await using homes = await home.enterAll(HOMES_FOLDER);
    for await (const company of foldersIn(homes))
      for await (const agent of foldersIn(company)) yield* copiesIn(agent, living, now);
  } catch {
    // No home, or one that cannot be read now.
  }
}

/** Never rejects. */
export async function removeTranscriptCopies({ folder, names }: TranscriptCopies): Promise<void> {
  for (const name of names) await folder.remove(name).catch(() => undefined);
}

async function* foldersIn(folder: GuardedFolder | null): AsyncGenerator<GuardedFolder> {
  for (const name of (await folder?.names(MOST_NAMES)) ?? []) {
    await using entered = await folder?.enter(name).catch(() => null);
    if (entered) yield entered;
  }
}

async function* copiesIn(
  home: GuardedFolder,
  living: ReadonlySet<string>,
  now: number,
): AsyncGenerator<TranscriptCopies> {
  await using copies = await home.enterAll(TRANSCRIPT_COPIES).catch(() => null);
  const names: string[] = [];
  for (const name of (await copies?.names(MOST_NAMES)) ?? []) {
    if (!isTranscriptCopy(name) || living.has(name)) continue;
    const found = await copies?.find(name).catch(() => null);
    if (found?.isFile() && now - found.mtimeMs > UNTOUCHED_FOR_MS) names.push(name);
  }
  if (copies && names.length > 0) yield { folder: copies, names };
}
