/**
 * Reads a frame's head from the bytes where they lie, into itself: the same grammar as `parseFrame` (a property test
 * holds the two together) at the price of a few comparisons a line and no object.
 */
export class FrameHead {
  stderr = false;
  line = 0;
  piece = 0;
  last = true;
  /** Where the frame's body begins. */
  body = 0;

  /** False when the bytes from `start` to `end` are not a frame; then nothing here means anything. */
  read(bytes: Uint8Array, start: number, end: number): boolean {
    let at = start;
    this.stderr = bytes[at] === LOWER_E;
    if (this.stderr) at++;
    const digits = at;
    let line = 0;
    let byte = 0;
    for (; at < end; at++) {
      byte = bytes[at] ?? 0;
      if (byte < ZERO || byte > NINE) break;
      line = line * 10 + (byte - ZERO);
    }
    if (at === digits || at === end || at - digits > MAX_LINE_DIGITS || bytes[digits] === ZERO) return false;
    this.line = line;
    this.piece = 0;
    this.last = true;
    if (byte === BAR) {
      this.body = at + 1;
      return true;
    }
    return this.#readPiece(bytes, at, end);
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
    this.piece = piece;
    this.last = kind === EQUALS;
    this.body = at + 1;
    // `13=0|` is never written: a line of one piece is `13|`.
    return !(this.last && piece === 0);
  }
}

const ZERO = 0x30;
const NINE = 0x39;
const BAR = 0x7c;
const PLUS = 0x2b;
const EQUALS = 0x3d;
const LOWER_E = 0x65;
const MAX_LINE_DIGITS = 15;
const MAX_PIECE_DIGITS = 9;
