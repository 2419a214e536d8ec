/** Why the demo cannot go on, in words for its user. Anything else that is thrown is a bug. */
export class DemoError extends Error {
  override readonly name = "DemoError";
  /** What to do about it. */
  readonly fix: string;
  /** How we know: what the system or the cluster said. */
  readonly evidence: readonly string[];

  constructor(sentence: string, fix: string, evidence: readonly string[] = []) {
    super(sentence);
    this.fix = fix;
    this.evidence = evidence;
  }
}
