/** One command of `claude-k8s`. */
export interface Command {
  /** One line for the list of commands. */
  readonly summary: string;
  /** @returns the exit code: 0 done, 1 failed, 2 wrong usage. */
  run(args: readonly string[]): Promise<number>;
}
