/** Warnings are told again after this many milliseconds, should their cause last. */
const AGAIN_MS = 60 * 60_000;
/** The newest ones; the oldest is forgotten first. */
const MAX_TOLD = 1000;

/** What was told, and when: watches that are opened anew, by whomever, meet what the operator has been told of. */
export class News {
  readonly #told = new Map<string, number>();

  /** True when it was not told within the last hour; then it counts as told. @param now milliseconds since 1970 */
  isNews(what: string, now: number): boolean {
    const before = this.#told.get(what);
    if (before !== undefined && now - before < AGAIN_MS) return false;
    this.#told.delete(what);
    const [oldest] = this.#told.keys();
    if (this.#told.size >= MAX_TOLD && oldest !== undefined) this.#told.delete(oldest);
    this.#told.set(what, now);
    return true;
  }
}
