import { createHash } from "node:crypto";
import type { Suspicion } from "./missing.ts";

interface Delivered {
  /** How often this stamp came with these bytes. */
  count: number;
  /** How often the stream at hand may repeat it, and how often it did. */
  repeatable: number;
  repeated: number;
  pass: number;
}

/** Lines remembered: about 25 MB. */
const MAX_REMEMBERED = 300_000;

/**
 * Lines without numbers, told apart by stamp and bytes. Each resumed stream repeats whole seconds: a line is a repetition
 * as often as it was delivered before the stream began, so that equal lines with equal stamps stay as many as they were.
 * "Stamp not newer than the last" would lose lines: stdout and stderr have their own writers (up to 3.1 ms backwards,
 * measured) and clocks step. Lines come at least once; where some may be missing is found out by the overlap.
 */
export class RawLines {
  readonly #delivered = new Map<number, Delivered>();
  #pass = 0;
  #lastKey: number | null = null;
  #lastStamp = "";
  #newestInStream = "";
  /** True from a resumed stream's start until the last line delivered before it shows up. */
  #awaitsOverlap = false;

  /** A stream begins. */
  open(): void {
    this.#pass++;
    this.#newestInStream = "";
    this.#awaitsOverlap = this.#lastKey !== null;
  }

  /**
   * Takes a line with its stamp. A place where lines may be missing is reported once, with the first new line of a stream
   * that does not reach back to the last line delivered: a rotation lies between.
   */
  take(stamp: string, text: Uint8Array): { readonly seen: boolean; readonly suspicion: Suspicion | null } {
    const key = keyOf(stamp, text);
    // One stream can repeat lines across a rotation, with no disconnect: then time runs backwards in it.
    if (stamp < this.#newestInStream) this.#pass++;
    else this.#newestInStream = stamp;
    if (this.#isRepetition(key)) {
      if (key === this.#lastKey) this.#awaitsOverlap = false;
      return { seen: true, suspicion: null };
    }
    const suspicion = this.#awaitsOverlap ? { after: this.#lastStamp, before: stamp } : null;
    this.#awaitsOverlap = false;
    this.#remember(key);
    this.#lastKey = key;
    this.#lastStamp = stamp;
    return { seen: false, suspicion };
  }

  #isRepetition(key: number): boolean {
    const known = this.#delivered.get(key);
    if (!known) return false;
    if (known.pass !== this.#pass) {
      known.pass = this.#pass;
      known.repeatable = known.count;
      known.repeated = 0;
    }
    if (known.repeated >= known.repeatable) return false;
    known.repeated++;
    return true;
  }

  #remember(key: number): void {
    const known = this.#delivered.get(key);
    if (known) known.count++;
    else this.#delivered.set(key, { count: 1, repeatable: 0, repeated: 0, pass: this.#pass });
    if (this.#delivered.size <= MAX_REMEMBERED) return;
    const oldest = this.#delivered.keys().next();
    if (!oldest.done) this.#delivered.delete(oldest.value);
  }
}

/** 48 bits of SHA-1: an exact number in JavaScript, and a collision among 300,000 lines has odds of 1 to 6,000. */
function keyOf(stamp: string, text: Uint8Array): number {
  return createHash("sha1").update(stamp).update(text).digest().readUIntBE(0, 6);
}
