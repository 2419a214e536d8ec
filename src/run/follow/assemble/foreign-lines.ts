import { createHash } from "node:crypto";

const MAX_REMEMBERED = 4096;

/**
 * Lines in the runner's log that are not frames: what the image or the runtime printed before the runner, what Node
 * prints when the runner itself dies. They have no number; stamp and bytes tell a repetition.
 */
export class ForeignLines {
  readonly #seen = new Set<string>();

  isNew(stamp: string, text: Uint8Array): boolean {
    const key = createHash("sha1").update(stamp).update(text).digest("base64");
    if (this.#seen.has(key)) return false;
    this.#seen.add(key);
    if (this.#seen.size > MAX_REMEMBERED) {
      const oldest = this.#seen.values().next();
      if (!oldest.done) this.#seen.delete(oldest.value);
    }
    return true;
  }
}
