import { type Channel, FrameHead, SEAL_MARK } from "../../../runner/frame.ts";
import type { Seal } from "../../../runner/seal.ts";
import { parseSeal } from "../../../runner/seal-message.ts";
import type { LineDigest } from "./digest.ts";
import { FrameChannel, type Place } from "./frame-channel.ts";
import type { Form, Mode } from "./log-form.ts";
import type { Missing } from "./missing.ts";
import { Output, type TranscriptTarget } from "./output.ts";
import { skipStamp, stampAt } from "./stamp.ts";
import { UnframedLines } from "./unframed-lines.ts";

const NEWLINE = 0x0a;
const SEAL = Buffer.from(SEAL_MARK);
/** Conflicts that are named, each place once: a log can repeat one number for ever. */
const MAX_CONFLICTS = 100;

/** The transcript as far as it is known. Pure: bytes in, lines in order out, exactly once. */
export class Transcript {
  readonly stdout: FrameChannel;
  readonly stderr: FrameChannel;
  mode: Mode = "undecided";
  /** Lines or pieces taken, ever. */
  taken = 0;
  /** Frames or lines that came again, ever. */
  repeated = 0;
  /** Frames that came again with other bytes. */
  readonly conflicts: Place[] = [];
  /** The frame that made `take` stop. */
  stoppedAt: Place | null = null;
  /**
   * The runner's seal, where it is the last line of the log so far; in a raw log also where others follow: stderr has a pipe of
   * its own, and the runtime may write what came first there behind it.
   */
  get seal(): Seal | null {
    return this.#seal;
  }

  /** Stamp of the newest line that was taken from the log API. */
  lastStamp: string | null = null;
  readonly #out: Output;
  readonly #head: FrameHead;
  readonly #unframed = new UnframedLines();
  readonly #maxLineBytes: number;
  readonly #onSeal: ((seal: Seal) => void) | undefined;
  #seal: Seal | null = null;

  constructor(target: TranscriptTarget, maxLineBytes: number, pieceBytes?: number) {
    this.#onSeal = target.onSeal;
    this.#out = new Output(target);
    this.#head = new FrameHead(pieceBytes);
    this.#maxLineBytes = maxLineBytes;
    this.stdout = new FrameChannel("stdout", this.#out, maxLineBytes);
    this.stderr = new FrameChannel("stderr", this.#out, maxLineBytes);
  }

  get digest(): LineDigest {
    return this.#out.digest;
  }

  get missing(): readonly Missing[] {
    return this.#out.missing;
  }

  /** Bytes of whole lines, of both channels. */
  get bytes(): number {
    return this.#out.bytes;
  }

  /** Lines of stdout that were given up: `missing` may cover more, where there were too many places to name each. */
  get lostLines(): number {
    return this.#out.lostLines;
  }

  /** Lines of a log without numbers, and places in it where some may be missing. */
  get raw(): Pick<UnframedLines, "rawLines" | "suspicions"> {
    return this.#unframed;
  }

  channel(name: Channel): FrameChannel {
    return name === "stdout" ? this.stdout : this.stderr;
  }

  /** A new answer of the log API begins. */
  open(): void {
    this.#unframed.open();
  }

  /** Takes whole lines from `from` on. Answers where it stopped: the length of `lines`, or the start of a frame behind a gap. */
  take(lines: Buffer, from: number, form: Form): number {
    const stamped = form === "stamped";
    let at = from;
    let newest = -1;
    while (at < lines.length) {
      const end = lines.indexOf(NEWLINE, at);
      const text = stamped ? skipStamp(lines, at, end) : at;
      const { taken } = this;
      if (text < 0) this.#passUnstamped(lines, at, end);
      else if (this.mode !== "raw" && this.#head.read(lines, text, end)) {
        if (!this.#takeFrame(lines, end)) break;
      } else if (stamped && !this.#takeSeal(lines, text, end)) this.#takeUnframed(lines, at, text, end);
      if (this.taken > taken) newest = at;
      at = end + 1;
    }
    if (stamped && newest >= 0) this.lastStamp = stampAt(lines, newest);
    this.#out.flush();
    return at;
  }

  /**
   * How many lines lie between what is known and the first of these; 0 when that one is known. An answer that was asked
   * for by count must begin with a known line: the channels have numbers of their own, so that a line that comes next on
   * one may have others of the other channel before it.
   */
  gapBefore(lines: Buffer): number {
    const text = skipStamp(lines, 0, lines.length);
    if (text < 0 || !this.#head.read(lines, text, lines.indexOf(NEWLINE))) return 0;
    const channel = this.channel(this.#head.channel);
    return channel.order(this.#head) === "duplicate" ? 0 : this.#head.line - channel.line + 1;
  }

  /** Gives up what is missing before `to` and goes on there. */
  giveUp(to: Place, why: string): void {
    this.channel(to.channel).giveUp(to.line, to.piece, why);
  }

  /** A line of the log was longer than any that is kept. */
  takeOverlong(start: Buffer, bytes: number): void {
    const text = skipStamp(start, 0, start.length);
    if (this.mode === "framed" || text < 0) return;
    if (this.#unframed.takeRaw(start.toString("latin1", 0, text), start).kind === "duplicate") return;
    const { rawLines } = this.raw;
    this.#out.lost("stdout", rawLines, rawLines, `longer than ${this.#maxLineBytes} bytes: ${bytes}`);
  }

  /** The bytes after the last newline of a stream that ended: a line that will come again, or no line at all. */
  noteUnfinished(bytes: Buffer): void {
    if (skipStamp(bytes, 0, bytes.length) < 0) this.#passUnstamped(bytes, 0, bytes.length);
  }

  /** The bytes after the last newline of a log whose container has ended: nothing will be added to them. */
  takeUnfinished(bytes: Buffer): void {
    const head = this.#head;
    const text = skipStamp(bytes, 0, bytes.length);
    if (text < 0) this.#passUnstamped(bytes, 0, bytes.length);
    else if (this.mode === "raw" || !head.readCut(bytes, text, bytes.length))
      this.#takeUnframed(bytes, 0, text, bytes.length);
    else if (this.channel(head.channel).order(head) === "next")
      this.channel(head.channel).takeCut(bytes.subarray(head.body));
    this.#out.flush();
  }

  /** False when others are missing before the frame, on whatever channel comes next. */
  #takeFrame(lines: Buffer, end: number): boolean {
    const head = this.#head;
    if (this.mode !== "framed") this.#beginFramed();
    const channel = head.channel === "stdout" ? this.stdout : this.stderr;
    switch (channel.order(head)) {
      case "next":
        this.taken++;
        this.#seal = null;
        channel.take(head, lines, end);
        return true;
      case "duplicate":
        this.repeated++;
        if (channel.conflicts(head, lines, end)) this.#noteConflict(head);
        return true;
      case "gap":
        this.stoppedAt = { channel: head.channel, line: head.line, piece: head.piece };
        return false;
    }
  }

  /** False where the line is something else, or the log has no frames. */
  #takeSeal(lines: Buffer, text: number, end: number): boolean {
    if (!lines.subarray(text, text + SEAL.length).equals(SEAL) || this.#unframed.isRawForSure) return false;
    const seal = parseSeal(lines.toString("utf8", text + SEAL.length, end));
    if (!seal?.stdout || seal.partial) return false;
    if (this.mode !== "framed") this.#beginFramed();
    this.#noteSeal(seal);
    return true;
  }

  #noteSeal(seal: Seal): void {
    this.#seal = seal;
    this.#onSeal?.(seal);
  }

  #beginFramed(): void {
    this.#out.flush();
    this.mode = "framed";
    this.#out.hashing = true;
  }

  #takeUnframed(lines: Buffer, at: number, text: number, end: number): void {
    const stamp = lines.toString("latin1", at, text - 1);
    const body = lines.subarray(text, end);
    if (this.mode === "undecided") {
      this.mode = "raw";
      this.#unframed.begin(body);
    }
    if (this.mode === "raw" && this.#beginsFrames(lines, text, end)) return;
    if (this.mode === "framed") {
      if (this.#unframed.isNewStray(stamp, body)) this.#out.strayLine(lines, text, end);
      return;
    }
    const seal = this.#unframed.isMarked ? rawSeal(body) : null;
    const { kind, suspicion } = this.#unframed.takeRaw(stamp, body, seal !== null);
    if (kind === "duplicate") this.repeated++;
    else this.taken++;
    if (seal) this.#noteSeal(seal);
    if (suspicion) this.#out.suspicion(suspicion);
    if (kind === "line") this.#out.line("stdout", this.raw.rawLines, lines, text, end);
    if (kind === "note") this.#out.strayLine(lines, text, end);
  }

  /** A log that began with something else turns out to be the runner's. */
  #beginsFrames(lines: Buffer, text: number, end: number): boolean {
    if (this.#unframed.isRawForSure || !this.#head.read(lines, text, end)) return false;
    const { line, piece } = this.#head;
    return line === 1 && piece === 0 && this.#takeFrame(lines, end);
  }

  #noteConflict({ channel, line, piece }: FrameHead): void {
    const isKnown = (place: Place) => place.line === line && place.piece === piece && place.channel === channel;
    if (this.conflicts.length >= MAX_CONFLICTS || this.conflicts.some(isKnown)) return;
    this.conflicts.push({ channel, line, piece });
    this.#out.event({ type: "conflict", channel, line });
  }

  /** Every line that a container wrote has a stamp. */
  #passUnstamped(lines: Buffer, at: number, end: number): void {
    this.#out.event({ type: "unstamped", text: lines.toString("utf8", at, Math.min(end, at + 300)) });
  }
}

/** The seal that ends the log of the sh runner, which was told to stop; null where the line is the agent's. */
function rawSeal(body: Buffer): Seal | null {
  if (!body.subarray(0, SEAL.length).equals(SEAL)) return null;
  const seal = parseSeal(body.toString("utf8", SEAL.length));
  return seal?.runner === "sh" && seal.ending === "terminated" ? seal : null;
}
