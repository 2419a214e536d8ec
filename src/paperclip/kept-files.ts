/** Where the adapter keeps files of its own: in Paperclip's home, which outlives Paperclip's process. */
import { homedir } from "node:os";
import { join } from "node:path";

export const paperclipHome = (env: NodeJS.ProcessEnv): string =>
  env.PAPERCLIP_HOME?.trim() || join(homedir(), ".paperclip");

export const keptFiles = (env: NodeJS.ProcessEnv): string => join(paperclipHome(env), "claude_k8s");

export const transcriptsFolder = (env: NodeJS.ProcessEnv): string => join(keptFiles(env), "transcripts");

/** A run's id is whatever the host calls it; no name of it leads out of the folder. */
export const transcriptFile = (env: NodeJS.ProcessEnv, runId: string): string =>
  join(transcriptsFolder(env), `${encodeURIComponent(runId)}.jsonl`);
