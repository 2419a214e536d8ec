import { RAW_LOG_MARK } from "../../../runner/frame.ts";
import type { Suspicion } from "./missing.ts";
import { RawLines } from "./raw-lines.ts";
import { RecentLines } from "./recent-lines.ts";

const MARK = Buffer.from(RAW_LOG_MARK);
/** How src/runner/workspace/common.sh begins its lines. */
const NOTES = ["checkout: ", "setup: "].map((words) => Buffer.from(words));
/** Lines before the first frame (a warning of the runtime) do not make a log raw; after so many it is. */
const MAX_LINES_BEFORE_FRAMES = 100;

export interface RawTaken {
  /** `mark`: a line of the sh runner's own; `note`: one on the workspace, before the agent. Neither is the agent's. */
  readonly kind: "line" | "mark" | "note" | "duplicate";
  readonly suspicion: Suspicion | null;
}

/**
 * Stamped lines that are no frames. In a pod without Node they are the whole log. Among the runner's frames they are
 * strays: what the image or the runtime printed before the runner, what Node prints when the runner itself dies.
 */
export class UnframedLines {
  rawLines = 0;
  suspicions = 0;
  readonly #raw = new RawLines();
  readonly #strays = new RecentLines();
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

  isNewStray(stamp: string, text: Buffer): boolean {
    return this.#strays.isNew(stamp, text);
  }

  /** True when the sh runner wrote the log. */
  get isMarked(): boolean {
    return this.#marked;
  }

  /** @param isMark the line is the runner's, like the first one. @default false */
  takeRaw(stamp: string, text: Buffer, isMark = false): RawTaken {
    const { seen, suspicion } = this.#raw.take(stamp, text);
    if (seen) return { kind: "duplicate", suspicion };
    if (suspicion) this.suspicions++;
    if (this.#marked && !this.#markTaken) {
      this.#markTaken = true;
      return { kind: "mark", suspicion };
    }
    if (isMark) return { kind: "mark", suspicion };
    if (this.#marked && NOTES.some((note) => text.subarray(0, note.length).equals(note)))
      return { kind: "note", suspicion };
    this.rawLines++;
    // Should frames follow after all, a repetition of this line must not be shown again.
    if (this.rawLines <= MAX_LINES_BEFORE_FRAMES) this.#strays.isNew(stamp, text);
    return { kind: "line", suspicion };
  }
}
