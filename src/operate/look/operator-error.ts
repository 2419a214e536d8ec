/** What was asked cannot be answered, in words for the operator. */
export class OperatorError extends Error {
  override readonly name = "OperatorError";
  /** What to do about it, a sentence. */
  readonly fix: string;
  /** True where another way to ask is the fix. */
  readonly isUsage: boolean;

  constructor(message: string, fix: string, isUsage = false) {
    super(message);
    this.fix = fix;
    this.isUsage = isUsage;
  }
}
