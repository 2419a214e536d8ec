import type { Channel } from "../../../runner/frame.ts";
import { LineBatch } from "./batch.ts";
import { LineDigest } from "./digest.ts";
import { FrameHead } from "./frame-head.ts";
import { FrameCursor, type Place } from "./frames.ts";
import type { Form, Mode } from "./log-form.ts";
import { type Missing, missingLine, suspicionLine } from "./missing.ts";
import { OtherLines } from "./other-lines.ts";
import { skipStamp, stampAt } from "./stamp.ts";
import type { TranscriptOut } from "./transcript-out.ts";

const NEWLINE = 0x0a;

/** The transcript as far as it is known. Pure: bytes in, lines in order out, exactly once. */
export class Transcript {
  readonly stdout: FrameCursor;
  readonly stderr: FrameCursor;
  readonly digest = new LineDigest();
  readonly missing: Missing[] = [];
  mode: Mode = "undecided";
  /** Lines or pieces taken up, ever. */
  taken = 0;
  /** Frames or lines that had been taken up before, ever. */
  repeated = 0;
  /** Frames that came again with other bytes. */
  readonly conflicts: Place[] = [];
  /** The frame that made `take` stop. */
  stoppedAt: Place | null = null;
  /** Stamp of the newest line that was taken from the log API. */
  lastStamp: string | null = null;
  readonly #out: TranscriptOut;
  readonly #head = new FrameHead();
  readonly #batch: LineBatch;
  readonly #other = new OtherLines();
  readonly #maxLineBytes: number;

  constructor(out: TranscriptOut, maxLineBytes: number) {
    this.#out = out;
    this.#maxLineBytes = maxLineBytes;
    this.stdout = new FrameCursor(maxLineBytes);
    this.stderr = new FrameCursor(maxLineBytes);
    this.#batch = new LineBatch((channel, lines) => {
      if (channel === "stdout" && this.mode === "framed" && !this.stdout.broken) this.digest.addLines(lines);
      out.lines(channel, lines);
    });
  }

  /** A new answer of the log API begins. */
  open(): void {
    this.#other.open();
  }

  /** Lines of a log without numbers, and places in it where some may be missing. */
  get raw(): Pick<OtherLines, "rawLines" | "suspicions"> {
    return this.#other;
  }

  /** Takes whole lines from `from` on. Answers where it stopped: the length of `lines`, or the start of a frame ahead. */
  take(lines: Buffer, from: number, form: Form): number {
    const stamped = form === "stamped";
    let at = from;
    let newest = -1;
    while (at < lines.length) {
      const end = lines.indexOf(NEWLINE, at);
      const text = stamped ? skipStamp(lines, at, end) : at;
      const { taken } = this;
      if (text < 0) this.#notOutput(lines, at, end);
      else if (this.mode !== "raw" && this.#head.read(lines, text, end)) {
        if (!this.#takeFrame(lines, end)) break;
      } else if (stamped) this.#takeOther(lines, at, text, end);
      if (this.taken > taken) newest = at;
      at = end + 1;
    }
    if (stamped && newest >= 0) this.lastStamp = stampAt(lines, newest);
    this.#batch.flush();
    return at;
  }

  /**
   * How many lines lie between what is known and the first of these; 0 when that one is known. An answer that was asked
   * for by count must begin with a known line: the channels have numbers of their own, so that a line that comes next on
   * one may have others of the other channel before it.
   */
  distanceTo(lines: Buffer): number {
    const text = skipStamp(lines, 0, lines.length);
    if (text < 0 || !this.#head.read(lines, text, lines.indexOf(NEWLINE))) return 0;
    const cursor = this.#head.stderr ? this.stderr : this.stdout;
    return cursor.order(this.#head) === "seen" ? 0 : this.#head.line - cursor.line + 1;
  }

  /** Gives up what is missing before `to` and goes on there. */
  giveUp(to: Place, why: string): void {
    const { from, to: last } = this.cursor(to.channel).skipTo(to.line, to.piece);
    if (last >= from) this.#recordMissing({ channel: to.channel, from, to: last, why });
  }

  cursor(channel: Channel): FrameCursor {
    return channel === "stdout" ? this.stdout : this.stderr;
  }

  /** A line of the log was longer than any that is kept. */
  takeOverlong(start: Buffer, bytes: number): void {
    const text = skipStamp(start, 0, start.length);
    if (this.mode === "framed" || text < 0) return;
    if (this.#other.takeRaw(start.toString("latin1", 0, text), start).kind === "seen") return;
    const why = `longer than ${this.#maxLineBytes} bytes: ${bytes}`;
    this.#recordMissing({ channel: "stdout", from: this.raw.rawLines, to: this.raw.rawLines, why });
  }

  /** The bytes after the last newline of a stream that ended: a line that will come again, or no line at all. */
  noteUnfinished(bytes: Buffer): void {
    if (skipStamp(bytes, 0, bytes.length) < 0) this.#notOutput(bytes, 0, bytes.length);
  }

  /** The bytes after the last newline of a log whose container has ended: nothing will be added to them. */
  takeUnfinished(bytes: Buffer): void {
    const text = skipStamp(bytes, 0, bytes.length);
    if (text < 0) this.#notOutput(bytes, 0, bytes.length);
    else if (this.mode !== "raw" && this.#head.read(bytes, text, bytes.length)) this.#takeCutFrame(bytes);
    else this.#takeOther(bytes, 0, text, bytes.length);
    this.#batch.flush();
  }

  /** False when the frame is ahead: others are missing before it, on whatever channel comes next. */
  #takeFrame(lines: Buffer, end: number): boolean {
    const head = this.#head;
    this.mode = "framed";
    const channel = head.stderr ? "stderr" : "stdout";
    const cursor = head.stderr ? this.stderr : this.stdout;
    const order = cursor.order(head);
    if (order === "next") this.#takeNext(channel, cursor, lines, end);
    else if (order === "seen") {
      this.repeated++;
      if (cursor.conflicts(head, lines, end)) this.#conflict({ channel, line: head.line, piece: head.piece });
    } else {
      this.stoppedAt = { channel, line: head.line, piece: head.piece };
      return false;
    }
    return true;
  }

  #takeNext(channel: Channel, cursor: FrameCursor, lines: Buffer, end: number): void {
    const head = this.#head;
    cursor.note(head, lines, end);
    this.taken++;
    if (head.last && head.piece === 0) {
      this.#batch.add(channel, lines, head.body, end);
      this.#out.line?.(channel, lines.subarray(head.body, end));
      cursor.line++;
      return;
    }
    const body = lines.subarray(head.body, end);
    this.#batch.flush();
    cursor.long.add(body);
    const proven = channel === "stdout" && !cursor.broken;
    if (proven) this.digest.addPiece(body);
    if (head.last) {
      if (proven) this.digest.endLine();
      this.#endLongLine(channel, cursor);
    } else cursor.piece++;
  }

  #endLongLine(channel: Channel, cursor: FrameCursor): void {
    const bytes = cursor.long.bytes;
    const line = cursor.long.take();
    const number = cursor.line;
    cursor.line++;
    cursor.piece = 0;
    if (line) {
      this.#out.lines(channel, line);
      this.#out.line?.(channel, line.subarray(0, line.length - 1));
    } else if (cursor.givenUp < number) {
      const why = `longer than ${this.#maxLineBytes} bytes: ${bytes}`;
      this.#recordMissing({ channel, from: number, to: number, why });
    }
  }

  /** The runner was killed while it wrote: what came of the line is all there will ever be. */
  #takeCutFrame(bytes: Buffer): void {
    const head = this.#head;
    const cursor = head.stderr ? this.stderr : this.stdout;
    if (cursor.order(head) !== "next") return;
    const channel = head.stderr ? "stderr" : "stdout";
    const line = cursor.line;
    cursor.long.add(bytes.subarray(head.body));
    const came = cursor.long.take();
    cursor.skipTo(line + 1, 0);
    if (came && came.length > 1) this.#out.lines(channel, came);
    this.#recordMissing({
      channel,
      from: line,
      to: line,
      why: "the container ended in the middle of it; its start is above",
    });
  }

  #takeOther(lines: Buffer, at: number, text: number, end: number): void {
    const stamp = lines.toString("latin1", at, text - 1);
    const body = lines.subarray(text, end);
    if (this.mode === "undecided") {
      this.mode = "raw";
      this.#other.begin(body);
    }
    if (this.mode === "raw" && this.#beginsFrames(lines, text, end)) return;
    if (this.mode === "framed") {
      if (this.#other.isNewAmongFrames(stamp, body)) this.#batch.add("stderr", lines, text, end);
      return;
    }
    const { kind, suspicion } = this.#other.takeRaw(stamp, body);
    if (kind === "seen") this.repeated++;
    else this.taken++;
    if (suspicion) {
      this.#batch.flush();
      this.#out.notice(suspicionLine(suspicion));
      this.#out.event({ type: "suspicion", place: suspicion });
    }
    if (kind !== "line") return;
    this.#batch.add("stdout", lines, text, end);
    this.#out.line?.("stdout", body);
  }

  /** A log that began with something else turns out to be the runner's. */
  #beginsFrames(lines: Buffer, text: number, end: number): boolean {
    if (this.#other.isRawForSure || !this.#head.read(lines, text, end)) return false;
    const { line, piece } = this.#head;
    if (line !== 1 || piece !== 0) return false;
    this.#batch.flush();
    this.mode = "framed";
    this.#takeFrame(lines, end);
    return true;
  }

  #conflict(place: Place): void {
    if (this.conflicts.length < 100) this.conflicts.push(place);
    this.#out.event({ type: "conflict", channel: place.channel, line: place.line });
  }

  #recordMissing(gap: Missing): void {
    this.missing.push(gap);
    this.#batch.flush();
    this.#out.notice(missingLine(gap));
    this.#out.event({ type: "missing", missing: gap });
  }

  #notOutput(lines: Buffer, at: number, end: number): void {
    this.#out.event({ type: "not-output", text: lines.toString("utf8", at, Math.min(end, at + 300)) });
  }
}
