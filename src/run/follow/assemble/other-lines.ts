import { RAW_LOG_MARK } from "../../../runner/frame.ts";
import { ForeignLines } from "./foreign-lines.ts";
import type { Suspicion } from "./missing.ts";
import { RawLines } from "./raw-lines.ts";

const MARK = Buffer.from(RAW_LOG_MARK);
/** Lines before the first frame (a warning of the runtime) do not make a log raw; after so many it is. */
const MAX_LINES_BEFORE_FRAMES = 100;

export interface RawTaken {
  /** `mark`: the sh runner's first line, which is not the agent's. */
  readonly kind: "line" | "mark" | "seen";
  readonly suspicion: Suspicion | null;
}

/** Stamped lines that are no frames: the whole log of a pod without Node, or strays in the runner's. */
export class OtherLines {
  rawLines = 0;
  suspicions = 0;
  readonly #raw = new RawLines();
  readonly #foreign = new ForeignLines();
  #marked = false;
  #markTaken = false;

  /** True when no frames can follow any more. */
  get isRawForSure(): boolean {
    return this.#marked || this.rawLines > MAX_LINES_BEFORE_FRAMES;
  }

  /** A new answer of the log API begins. */
  open(): void {
    this.#raw.open();
  }

  /** The first line of a log that does not begin with a frame. */
  begin(text: Buffer): void {
    this.#marked = text.equals(MARK);
  }

  isNewAmongFrames(stamp: string, text: Buffer): boolean {
    return this.#foreign.isNew(stamp, text);
  }

  takeRaw(stamp: string, text: Buffer): RawTaken {
    const { seen, suspicion } = this.#raw.take(stamp, text);
    if (seen) return { kind: "seen", suspicion };
    if (suspicion) this.suspicions++;
    if (this.#marked && !this.#markTaken) {
      this.#markTaken = true;
      return { kind: "mark", suspicion };
    }
    this.rawLines++;
    // Should frames follow after all, a repetition of this line must not be shown again.
    if (this.rawLines <= MAX_LINES_BEFORE_FRAMES) this.#foreign.isNew(stamp, text);
    return { kind: "line", suspicion };
  }
}
