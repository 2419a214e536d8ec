/** What a command says when it cannot go on. */

/** What the command was asked cannot be done. */
export class CommandError extends Error {
  override readonly name: string = "CommandError";
  /** What to do about it, a sentence; empty: the message says it. */
  readonly fix: string;
  readonly exitCode: 1 | 2 = 1;

  /** @param message a sentence with its full stop */
  constructor(message: string, fix = "") {
    super(message);
    this.fix = fix;
  }
}

/** It was asked in a wrong way. */
export class UsageError extends CommandError {
  override readonly name = "UsageError";
  override readonly exitCode = 2;

  constructor(message: string, fix = "`--help` shows how.") {
    super(message, fix);
  }
}
