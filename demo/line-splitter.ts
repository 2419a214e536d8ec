/** Makes lines of chunks that may end anywhere. */
export class LineSplitter {
  #rest = "";

  push(chunk: string): string[] {
    const parts = (this.#rest + chunk).split("\n");
    this.#rest = parts.pop() ?? "";
    return parts;
  }

  /** The last line, when no newline ended it. */
  end(): string[] {
    const rest = this.#rest;
    this.#rest = "";
    return rest === "" ? [] : [rest];
  }
}
