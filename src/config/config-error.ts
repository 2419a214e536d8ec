/** One thing that is wrong in a configuration. */
export interface ConfigProblem {
  /** The key as the operator wrote it, such as `resources.requests.cpu`. */
  readonly field: string;
  /** What is wrong, in one clause. */
  readonly problem: string;
  /** What to do about it. */
  readonly fix: string;
}

/** Thrown when an agent's configuration cannot be used; names every field that is wrong, never its secret value. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly code: string;
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[], code = "k8s_config_invalid") {
    super(problems.map(({ field, problem, fix }) => `${field}: ${problem}. ${fix}`).join("\n"));
    this.code = code;
    this.problems = problems;
  }
}
