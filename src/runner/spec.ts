/** What the runner is told: `run.json` in the run's Secret, mounted beside the runner. `run.sh` says the same to sh. */
export interface RunnerSpec {
  /**
   * The program and its arguments, passed as an array, never through a shell. A program that begins with `./` is a file
   * beside the runner; any other is looked up in PATH.
   */
  readonly command: readonly [string, ...string[]];
  /** Seconds between SIGTERM to the agent and SIGKILL. */
  readonly graceSec: number;
  /** Seconds after which the runner ends the agent itself (SIGTERM, grace, SIGKILL); 0 = never. */
  readonly timeoutSec: number;
  /** Where to keep a copy of the frames, on a shared volume; null = nowhere. Its folder is made if missing. */
  readonly transcriptPath: string | null;
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

/** `run.sh`: the same values for the sh runner, which cannot read JSON. Single quotes keep every byte but NUL. */
export function shellSpec(spec: RunnerSpec): string {
  const quoted = spec.command.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(" ");
  return `set -- ${quoted}\ngrace_sec=${spec.graceSec}\ntimeout_sec=${spec.timeoutSec}\n`;
}
