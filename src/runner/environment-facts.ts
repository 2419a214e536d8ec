/** What probe.sh prints of the pod that it is in, one line of JSON. */

/** Every field is null where there is none of it, or where it could not be found out. */
export interface EnvironmentFacts {
  /** Path of the agent's program. */
  readonly program: string | null;
  /** What the program says to `--version`. */
  readonly version: string | null;
  /** Path of bash, else of zsh: Claude Code runs its Bash tool in no other shell. */
  readonly bash: string | null;
  readonly node: string | null;
  readonly git: string | null;
  readonly home: string | null;
  /** Why no file can be made in HOME; null = it can. */
  readonly homeProblem: string | null;
  /** The folder that may not be written to, in which the agent's working directory is, or would have to be made. */
  readonly folderProblem: string | null;
  /** The program that asked for Paperclip; null = none in the image can. */
  readonly apiProgram: string | null;
  /** HTTP status of Paperclip's health check; null = no answer. */
  readonly apiStatus: string | null;
  readonly apiProblem: string | null;
}

const KEYS: readonly (keyof EnvironmentFacts)[] = [
  "program",
  "version",
  "bash",
  "node",
  "git",
  "home",
  "homeProblem",
  "folderProblem",
  "apiProgram",
  "apiStatus",
  "apiProblem",
];

/** Longer than any line of probe.sh; the agent prints to the same place. */
const MAX_BYTES = 8192;

/** Null for a line of anything else. */
export function readEnvironmentFacts(line: Uint8Array): EnvironmentFacts | null {
  if (line.length > MAX_BYTES) return null;
  const text = Buffer.from(line).toString();
  if (!text.startsWith('{"type":"environment",')) return null;
  try {
    const value = JSON.parse(text) as Record<string, unknown>;
    const facts = KEYS.map((key) => [key, typeof value[key] === "string" ? value[key] : null]);
    return Object.fromEntries(facts) as EnvironmentFacts;
  } catch {
    return null;
  }
}
