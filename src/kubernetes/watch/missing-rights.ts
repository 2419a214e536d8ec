/** Which collections may not be watched, in one sentence: their watches are refused one after the other. */
import type { ApiError } from "../api-error.ts";

export interface MissingRightsOptions {
  /** Plural names. */
  readonly resources: readonly string[];
  /** Milliseconds between the lists that take a watch's place. */
  readonly pollMs: number;
  /** Is told the sentence each time that a watch says whether it may, once all have; it may be the same as before. */
  readonly tell: (sentence: string) => void;
}

type Right = ApiError | "there";

export class MissingRights {
  readonly #options: MissingRightsOptions;
  readonly #rights = new Map<string, Right>();

  constructor(options: MissingRightsOptions) {
    this.#options = options;
  }

  allowed(resource: string): void {
    this.#note(resource, "there");
  }

  refused(resource: string, error: ApiError): void {
    this.#note(resource, error);
  }

  #note(resource: string, right: Right): void {
    const isFirst = !this.#rights.has(resource);
    this.#rights.set(resource, right);
    const missing = [...this.#rights.values()].filter((each) => each !== "there");
    // One that has no answer at all is waited for once.
    const isComplete = this.#rights.size === this.#options.resources.length || !isFirst;
    if (isComplete && missing.length > 0) this.#options.tell(this.#sentence(missing));
  }

  #sentence(missing: readonly ApiError[]): string {
    const verbs = [...new Set(missing.map(({ verb }) => verb))].toSorted();
    return verbs.map((verb) => this.#clause(missing.filter((error) => error.verb === verb))).join("; ");
  }

  #clause(missing: readonly ApiError[]): string {
    const [{ verb = "", namespace } = {}] = missing;
    const resources = missing.map(({ resource }) => `"${resource}"`).toSorted();
    const where = namespace === undefined ? "all namespaces" : `namespace "${namespace}"`;
    const fallback =
      verb === "list"
        ? "nothing can be observed"
        : `a list each ${this.#options.pollMs / 1000} s takes its place, which shows ends later and may miss their reason`;
    return `the right "${verb}" on ${resources.join(" and ")} in ${where} is missing: ${fallback}`;
  }
}
