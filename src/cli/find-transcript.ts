/** Looks for the transcript that Paperclip keeps of a run, by the run's id or its beginning. */
import type { FileHandle } from "node:fs/promises";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { openGuarded } from "../files/guarded-file.ts";
import { transcriptsFolder } from "../paperclip/kept-files.ts";
import { CommandError } from "./command-error.ts";

/** Open; null: there is none here. Rejects with CommandError where several runs begin so, or the file is none to read. */
export async function findTranscript(env: NodeJS.ProcessEnv, run: string): Promise<FileHandle | null> {
  const folder = transcriptsFolder(env);
  const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith(".jsonl"));
  const [found, ...others] = matching(names, encodeURIComponent(run));
  if (found === undefined) return null;
  if (others.length > 0) throw new CommandError(`several runs begin with ${run}: ${[found, ...others].join(", ")}.`);
  return openGuarded(join(folder, found), { links: false }).catch((error: Error) => {
    throw new CommandError(`${error.message}.`);
  });
}

/** The run of that very name, or all whose names begin so. */
function matching(names: readonly string[], run: string): readonly string[] {
  const exact = names.filter((name) => name === `${run}.jsonl`);
  return exact.length > 0 ? exact : names.filter((name) => name.startsWith(run));
}
