const NEWLINE = 10;
const SPACE = 32;
const DOT = 46;
const ZERO = 48;
const Z = 90;
const FULL = 70;
/** ` stdout F `: what stands between an entry's stamp and its bytes. */
const HEAD = " stdout F ".length;
/** `2026-11-22T07:23:14.988051761Z` and a space. */
const STAMP_LENGTH = 30;
const SECOND_LENGTH = 19;

export interface DecoderOptions {
  readonly timestamps: boolean;
  /** Whole seconds since 1970; older entries are left out. */
  readonly since?: number;
}

/**
 * Turns log entries into what `pods/log` answers: parts joined to lines, the stamp (9 digits) before a line's first
 * part. When the first parts of a line are too old, its rest comes without a stamp (measured).
 */
export class CriDecoder {
  readonly #timestamps: boolean;
  readonly #since: Buffer | undefined;
  #atLineStart = true;

  constructor({ timestamps, since }: DecoderOptions) {
    this.#timestamps = timestamps;
    this.#since = since === undefined ? undefined : Buffer.from(new Date(since * 1000).toISOString().slice(0, 19));
  }

  /** Whole entries in, text out; `used` tells how many bytes were whole entries. */
  decode(bytes: Buffer): { readonly output: Buffer; readonly used: number } {
    // An entry grows by one byte at most: nine digits may be added, the nine of ` stdout F` go.
    const out = Buffer.allocUnsafe(bytes.length + (bytes.length >> 4) + STAMP_LENGTH);
    let length = 0;
    let start = 0;
    for (let end = bytes.indexOf(NEWLINE); end !== -1; end = bytes.indexOf(NEWLINE, start)) {
      length = this.#entry(bytes, start, end, out, length);
      start = end + 1;
    }
    return { output: out.subarray(0, length), used: start };
  }

  #entry(bytes: Buffer, start: number, end: number, out: Buffer, at: number): number {
    const stampEnd = bytes.indexOf(SPACE, start);
    const body = stampEnd + HEAD;
    const whole = bytes[body - 2] === FULL;
    const lineStart = this.#atLineStart;
    this.#atLineStart = whole;
    if (this.#since !== undefined && this.#isOld(bytes, start)) return at;
    let length = at;
    if (lineStart && this.#timestamps) length = writeStamp(bytes, start, stampEnd, out, length);
    length += bytes.copy(out, length, body, end);
    if (whole) out[length++] = NEWLINE;
    return length;
  }

  #isOld(bytes: Buffer, start: number): boolean {
    const since = this.#since ?? bytes;
    return bytes.compare(since, 0, SECOND_LENGTH, start, start + SECOND_LENGTH) < 0;
  }
}

/** The stamp with all nine digits, and a space. */
function writeStamp(bytes: Buffer, start: number, end: number, out: Buffer, at: number): number {
  const stop = at + STAMP_LENGTH;
  let length = at + bytes.copy(out, at, start, end - 1);
  if (length === at + SECOND_LENGTH) out[length++] = DOT;
  while (length < stop - 1) out[length++] = ZERO;
  out[length] = Z;
  out[stop] = SPACE;
  return stop + 1;
}
