import { createHash } from "node:crypto";

const NEWLINE = Buffer.from("\n");

/**
 * SHA-256 of a channel as the agent wrote it, fed with lines. Whether the last line had a newline is known only at the
 * end, from the seal: so each newline is counted when something follows it.
 */
export class LineDigest {
  readonly #hash = createHash("sha256");
  #bytes = 0;
  #newlineDue = false;

  /** Whole lines, each ended by a newline. */
  addLines(lines: Buffer): void {
    this.addPiece(lines.subarray(0, lines.length - 1));
    this.endLine();
  }

  /** The next bytes of a line. */
  addPiece(bytes: Buffer): void {
    if (this.#newlineDue) {
      this.#hash.update(NEWLINE);
      this.#bytes++;
      this.#newlineDue = false;
    }
    this.#hash.update(bytes);
    this.#bytes += bytes.length;
  }

  endLine(): void {
    this.#newlineDue = true;
  }

  /** What was fed so far, with or without the last newline. */
  result(lastNewline: boolean): { readonly bytes: number; readonly sha256: string } {
    const hash = this.#hash.copy();
    const withNewline = this.#newlineDue && lastNewline;
    if (withNewline) hash.update(NEWLINE);
    return { bytes: this.#bytes + (withNewline ? 1 : 0), sha256: hash.digest("hex") };
  }
}
