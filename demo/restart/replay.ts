/** Holds the agent's lines from a second process against those from the first: the same again, and then the rest. Pure. */
export class Replay {
  readonly #before: readonly string[];
  #next = 0;

  /** @param before the lines that the first process handed over */
  constructor(before: readonly string[]) {
    this.#before = before;
  }

  /** `again`: as the first process had it, `last` of these; `fresh`: new; `differs`: not what the first process had there. */
  push(line: string): "again" | "last" | "fresh" | "differs" {
    const expected = this.#before[this.#next];
    if (expected === undefined) return "fresh";
    if (line !== expected) return "differs";
    this.#next += 1;
    return this.#next === this.#before.length ? "last" : "again";
  }
}

/** The agent's lines are JSON; those between them are the adapter's own words. */
export const isAgents = (line: string): boolean => line.startsWith("{");
