/**
 * Remembers how the newest frames looked, to notice that a number comes back with other bytes. Length and a sample of
 * the bytes: a line that was cut or glued together differs in these; the proof of every byte is the seal's SHA-256.
 */
export class Fingerprints {
  readonly #lines = new Float64Array(SIZE);
  readonly #prints = new Int32Array(SIZE);

  note(line: number, piece: number, bytes: Uint8Array, start: number, end: number): void {
    const slot = slotOf(line, piece);
    this.#lines[slot] = line * PIECES + piece;
    this.#prints[slot] = print(bytes, start, end);
  }

  /** True when this frame was noted, still is remembered, and looked different. */
  differs(line: number, piece: number, bytes: Uint8Array, start: number, end: number): boolean {
    const slot = slotOf(line, piece);
    return this.#lines[slot] === line * PIECES + piece && this.#prints[slot] !== print(bytes, start, end);
  }
}

const SIZE = 1 << 12;
/** Pieces of a line of 32 MiB are 2,185. */
const PIECES = 4096;

function slotOf(line: number, piece: number): number {
  return (line + piece * 31) % SIZE;
}

function print(bytes: Uint8Array, start: number, end: number): number {
  const length = end - start;
  let mark = length | 0;
  const step = Math.max(1, Math.floor(length / 8));
  for (let at = start; at < end; at += step) mark = (Math.imul(mark, 31) + (bytes[at] ?? 0)) | 0;
  return length === 0 ? mark : (Math.imul(mark, 31) + (bytes[end - 1] ?? 0)) | 0;
}
