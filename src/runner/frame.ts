/**
 * The frame: how the runner writes the agent's output to the container's log, and how the follower reads it back.
 *
 *     12|bytes      line 12 of the agent's stdout, whole
 *     13+0|bytes    line 13, piece 0; the line goes on
 *     13+1|bytes    line 13, piece 1; the line goes on
 *     13=2|bytes    line 13, piece 2, the last
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

export type Channel = "stdout" | "stderr";

/** Bytes of the agent's output in one frame, at most: 16,384 less the head, with room to spare. */
export const MAX_BODY_BYTES = 15 * 1024;

export interface Frame {
  readonly channel: Channel;
  /** Line number, from 1. */
  readonly line: number;
  /** Piece number within the line, from 0. */
  readonly piece: number;
  /** True when this piece ends its line. */
  readonly last: boolean;
  readonly body: Buffer;
}

/** The bytes of one frame without the newline that ends it in the log. */
export function frameHead(channel: Channel, line: number, piece: number, last: boolean): string {
  const mark = channel === "stderr" ? "e" : "";
  if (last) return piece === 0 ? `${mark}${line}|` : `${mark}${line}=${piece}|`;
  return `${mark}${line}+${piece}|`;
}

const HEAD = /^(e?)([1-9]\d{0,14})(?:([+=])(\d{1,9}))?\|/;
const LONGEST_HEAD = "e".length + 15 + 1 + 9 + "|".length;

/** Reads one log line (without its newline) as a frame; null when it is not one: never guesses. */
export function parseFrame(bytes: Buffer): Frame | null {
  const head = HEAD.exec(bytes.toString("latin1", 0, LONGEST_HEAD));
  if (!head) return null;
  const [text, mark, line, kind, piece] = head;
  const frame: Frame = {
    channel: mark === "e" ? "stderr" : "stdout",
    line: Number(line),
    piece: piece === undefined ? 0 : Number(piece),
    last: kind !== "+",
    body: bytes.subarray(text.length),
  };
  // `13=0|` is never written: a line of one piece is `13|`.
  return kind === "=" && frame.piece === 0 ? null : frame;
}
