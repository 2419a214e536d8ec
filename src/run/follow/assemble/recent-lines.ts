import { createHash } from "node:crypto";

const MAX_REMEMBERED = 4096;

/** Lines without a number in a log that has numbers otherwise: stamp and bytes tell whether one comes again. */
export class RecentLines {
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
