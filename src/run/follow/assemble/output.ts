import type { Channel } from "../../../runner/frame.ts";
import type { Seal } from "../../../runner/seal.ts";
import { LineBatch } from "./batch.ts";
import { LineDigest } from "./digest.ts";
import type { FollowEvent } from "./events.ts";
import type { LineSink } from "./line-sink.ts";
import { countOf, type Missing, MORE_MISSING, missingLine, type Suspicion, suspicionLine } from "./missing.ts";

/** Where the transcript goes as it becomes known. */
export interface TranscriptTarget {
  readonly sink: Pick<LineSink, "push" | "notice">;
  /** Each line of the agent without its newline; valid during the call only. */
  readonly onLine?: ((channel: Channel, line: Buffer) => void) | undefined;
  readonly onEvent: (event: FollowEvent) => void;
  /** The runner's seal came as the last line so far. @default nothing */
  readonly onSeal?: ((seal: Seal) => void) | undefined;
}

/** Places with missing lines that are named, each for itself; a log can have one behind each line. */
const MAX_NAMED = 500;

/** The transcript's way out: lines in blocks, stdout hashed; what is missing is named at its place. */
export class Output {
  readonly digest = new LineDigest();
  /** At most about so many as are named: beyond, the last one of a channel grows over what lies between. */
  readonly missing: Missing[] = [];
  /** Lines of stdout that were given up. */
  lostLines = 0;
  /** Bytes of whole lines, of both channels, as the agent wrote them. */
  bytes = 0;
  /** Whether stdout is hashed: nothing can be proven without numbers, or once lines were given up. */
  hashing = false;
  readonly #target: TranscriptTarget;
  readonly #batch: LineBatch;

  constructor(target: TranscriptTarget) {
    this.#target = target;
    this.#batch = new LineBatch((block) => {
      if (this.hashing && block.channel === "stdout") this.digest.addLines(block.bytes);
      this.bytes += block.bytes.length;
      target.sink.push(block);
    });
  }

  /** A whole line of the agent, from where it lies. */
  line(channel: Channel, number: number, bytes: Buffer, start: number, end: number): void {
    const copy = this.#batch.add(channel, number, bytes, start, end);
    this.#target.onLine?.(channel, copy ?? bytes.subarray(start, end));
  }

  /** The next bytes of a line that comes in pieces. */
  piece(channel: Channel, bytes: Buffer): void {
    if (!this.hashing || channel !== "stdout") return;
    this.#batch.flush();
    this.digest.addPiece(bytes);
  }

  /** A line that came in pieces is whole; `line` has its newline, and is null when it was too long to be kept. */
  longLine(channel: Channel, number: number, line: Buffer | null): void {
    this.#batch.flush();
    if (this.hashing && channel === "stdout") this.digest.endLine();
    if (!line) return;
    this.bytes += line.length;
    this.#target.sink.push({ channel, bytes: line, from: number, to: number });
    this.#target.onLine?.(channel, line.subarray(0, line.length - 1));
  }

  /** The beginning of a line whose rest is lost; it must not count as a line. */
  lineStart(channel: Channel, start: Buffer): void {
    this.#batch.flush();
    this.#target.sink.push({ channel, bytes: start, from: 0, to: 0 });
  }

  /** A line that the agent did not write. */
  strayLine(bytes: Buffer, start: number, end: number): void {
    this.#batch.add("stderr", 0, bytes, start, end);
  }

  lost(channel: Channel, from: number, to: number, why: string): void {
    const missing: Missing = { channel, from, to, cause: "lost", why };
    if (channel === "stdout") this.lostLines += countOf(missing);
    this.#batch.flush();
    if (this.missing.length >= MAX_NAMED && this.#widenLast(missing)) return;
    this.missing.push(missing);
    this.#target.sink.notice(missingLine(missing));
    if (this.missing.length === MAX_NAMED) this.#target.sink.notice(MORE_MISSING);
    this.event({ type: "missing", missing });
  }

  /** False when the channel has none yet. */
  #widenLast({ channel, to }: Missing): boolean {
    const at = this.missing.findLastIndex((gap) => gap.channel === channel);
    const last = this.missing[at];
    if (!last) return false;
    this.missing[at] = { ...last, to, why: "some of them: there are too many gaps to name each" };
    return true;
  }

  suspicion(place: Suspicion): void {
    this.#batch.flush();
    this.#target.sink.notice(suspicionLine(place));
    this.event({ type: "suspicion", place });
  }

  event(event: FollowEvent): void {
    this.#target.onEvent(event);
  }

  flush(): void {
    this.#batch.flush();
  }
}
