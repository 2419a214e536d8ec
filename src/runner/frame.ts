/**
 * The frame: how the runner writes the agent's output to the container's log, and how the follower reads it back. The
 * only definition of the format: its writer, `frameHead`, and its reader, `FrameHead`.
 *
 *     12|bytes      line 12 of the agent's stdout, whole
 *     13+0|bytes    line 13, piece 0; the line goes on, so the piece is full
 *     13+1|bytes    line 13, piece 1; the line goes on, so the piece is full
 *     13=2|bytes    line 13, piece 2, the last, and not empty
 *     e4|bytes      line 4 of the agent's stderr (same forms)
 *
 * Lines count from 1 in each channel, pieces from 0 in each line. The number makes a replay, a gap and a wrong order
 * decidable whatever the log API does. A frame never exceeds one entry of the container runtime's log (containerd
 * splits at 16,384 bytes, measured): so no rotation, resume or partial read can cut inside a frame unnoticed, and a
 * long line costs no more memory than its pieces.
 */

/**
 * The first line of a log that the sh runner wrote: no frames follow, but the agent's lines as they are. A framed log
 * has no such line; it begins with a frame.
 */
export const RAW_LOG_MARK = "raw|1";

/**
 * Begins the last line of a log where the runner was told to stop, and of a recorder's whatever the end was; the seal
 * follows. While a pod is being deleted the kubelet reports the end of no container until all have ended (1.36), so that a
 * sidecar holds back what the termination message says for the pod's whole grace, and a recorder is told to end after every
 * other container; the log has it at once.
 */
export const SEAL_MARK = "seal|";

export type Channel = "stdout" | "stderr";

/** Bytes of the agent's output in one frame, at most: 16,384 less the head, with room to spare. */
export const MAX_BODY_BYTES = 15 * 1024;

/** Numbers that fit into six bytes, with which the follower keeps them on disk. */
const MAX_LINE_DIGITS = 14;
const MAX_PIECE_DIGITS = 9;

/** Bytes of the longest head. */
export const MAX_HEAD_BYTES = "e".length + MAX_LINE_DIGITS + "+".length + MAX_PIECE_DIGITS + "|".length;

/** Bytes of the longest frame, without the newline that ends it in the log. */
export const MAX_FRAME_BYTES = MAX_HEAD_BYTES + MAX_BODY_BYTES;

/** What stands before a frame's body. */
export function frameHead(channel: Channel, line: number, piece: number, last: boolean): string {
  const mark = channel === "stderr" ? "e" : "";
  if (last) return piece === 0 ? `${mark}${line}|` : `${mark}${line}=${piece}|`;
  return `${mark}${line}+${piece}|`;
}

/**
 * Reads a frame's head from the bytes where they lie, into itself: a few comparisons a line and no object, for logs of
 * a gigabyte. Never guesses: what `frameHead` does not write is not a frame.
 */
export class FrameHead {
  channel: Channel = "stdout";
  /** Line number, from 1. */
  line = 0;
  /** Piece number within the line, from 0. */
  piece = 0;
  /** True when this piece ends its line. */
  last = true;
  /** Where the frame's body begins. */
  body = 0;
  readonly #pieceBytes: number;

  /** @param pieceBytes of a body whose line goes on */
  constructor(pieceBytes = MAX_BODY_BYTES) {
    this.#pieceBytes = pieceBytes;
  }

  /** False when the bytes from `start` to `end` (a log line without its newline) are not a frame; then nothing here means anything. */
  read(bytes: Uint8Array, start: number, end: number): boolean {
    if (!this.readCut(bytes, start, end)) return false;
    const length = end - this.body;
    // Anything in the pod may write to the log: pieces of a byte or none would cost their reader more than their writer.
    if (!this.last) return length === this.#pieceBytes;
    return length <= this.#pieceBytes && (length > 0 || this.piece === 0);
  }

  /** The same for a frame whose end may be cut off: its head is whole, and nothing is asked of its body. */
  readCut(bytes: Uint8Array, start: number, end: number): boolean {
    const stderr = bytes[start] === LOWER_E;
    const digits = stderr ? start + 1 : start;
    let at = digits;
    let line = 0;
    let byte = 0;
    for (; at < end; at++) {
      byte = bytes[at] ?? 0;
      if (byte < ZERO || byte > NINE) break;
      line = line * 10 + (byte - ZERO);
    }
    if (at === digits || at === end || at - digits > MAX_LINE_DIGITS || bytes[digits] === ZERO) return false;
    this.channel = stderr ? "stderr" : "stdout";
    this.line = line;
    this.piece = 0;
    this.last = true;
    this.body = at + 1;
    return byte === BAR || this.#readPiece(bytes, at, end);
  }

  #readPiece(bytes: Uint8Array, kindAt: number, end: number): boolean {
    const kind = bytes[kindAt];
    if (kind !== PLUS && kind !== EQUALS) return false;
    let at = kindAt + 1;
    let piece = 0;
    for (; at < end; at++) {
      const byte = bytes[at] ?? 0;
      if (byte < ZERO || byte > NINE) break;
      piece = piece * 10 + (byte - ZERO);
    }
    const digits = at - kindAt - 1;
    if (digits === 0 || digits > MAX_PIECE_DIGITS || at === end || bytes[at] !== BAR) return false;
    // One number, one spelling: `13+01|` is never written.
    if (digits > 1 && bytes[kindAt + 1] === ZERO) return false;
    this.piece = piece;
    this.last = kind === EQUALS;
    this.body = at + 1;
    // A line of one piece is `13|`, never `13=0|`.
    return !(this.last && piece === 0);
  }
}

const ZERO = 0x30;
const NINE = 0x39;
const BAR = 0x7c;
const PLUS = 0x2b;
const EQUALS = 0x3d;
const LOWER_E = 0x65;

export interface Frame {
  readonly channel: Channel;
  readonly line: number;
  readonly piece: number;
  readonly last: boolean;
  readonly body: Buffer;
}

/** Reads one log line (without its newline) as a frame, of a length that is not asked for; null when it has no frame's head. */
export function parseFrame(bytes: Buffer): Frame | null {
  const head = new FrameHead();
  if (!head.readCut(bytes, 0, bytes.length)) return null;
  const { channel, line, piece, last } = head;
  return { channel, line, piece, last, body: bytes.subarray(head.body) };
}
