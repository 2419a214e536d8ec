/** What the runner is told: `run.json` in the run's Secret, mounted beside the runner. `run.sh` says the same to sh. */
export interface RunnerSpec {
  /**
   * The program and its arguments, passed as an array, never through a shell. A program given as text is looked up in
   * PATH.
   */
  readonly command: readonly [CommandWord, ...CommandWord[]];
  /** Seconds between SIGTERM to the agent and SIGKILL. */
  readonly graceSec: number;
  /** Seconds after which the runner ends the agent itself (SIGTERM, grace, SIGKILL); 0 = never. */
  readonly timeoutSec: number;
}

/**
 * Text, or a file of the run's Secret by its name: the runner puts its own directory in front, so that nothing in the
 * Secret depends on where it is mounted.
 */
export type CommandWord = string | { readonly runFile: string };

/**
 * The container's command: `/bin/sh RUN_DIRECTORY/start.sh TERMINATION_LOG WORKING_DIRECTORY [TRANSCRIPT_FILE]`. Paths
 * of the pod stand here, in the Pod spec, and nowhere else. The runner makes the working directory when it is missing:
 * the container runtime would make it too, but as root. TRANSCRIPT_FILE, on a shared volume, gets a copy of the frames.
 */
export function containerCommand(paths: {
  readonly terminationLog: string;
  readonly workingDirectory: string;
  readonly transcriptFile?: string;
}): string[] {
  const words = ["/bin/sh", `${RUN_DIRECTORY}/${RUN_FILES.start}`, paths.terminationLog, paths.workingDirectory];
  return paths.transcriptFile === undefined ? words : [...words, paths.transcriptFile];
}

/** Where the run's Secret is mounted in the pod. */
export const RUN_DIRECTORY = "/run/claude-k8s";

/** The names of the files in RUN_DIRECTORY, which are keys of the run's Secret. */
export const RUN_FILES = {
  start: "start.sh",
  runner: "runner.mjs",
  spec: "run.json",
  shellSpec: "run.sh",
  prompt: "prompt",
} as const;

/**
 * `run.sh`: the same values for the sh runner, which cannot read JSON and sources this with `$dir` set to its own
 * directory. Single quotes keep every byte but NUL.
 */
export function shellSpec(spec: RunnerSpec): string {
  const words = spec.command.map((word) => (typeof word === "string" ? quote(word) : `"$dir"/${quote(word.runFile)}`));
  return `set -- ${words.join(" ")}
grace_sec=${spec.graceSec}
timeout_sec=${spec.timeoutSec}
`;
}

const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
