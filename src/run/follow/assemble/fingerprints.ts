/**
 * Remembers how the newest frames looked, to notice that a number comes back with other bytes. Length and a sample of
 * the bytes: a line that was cut or glued together differs in these; the proof of every byte is the seal's SHA-256.
 */
export class Fingerprints {
  #frames = new Float64Array(LEAST);
  #prints = new Int32Array(LEAST);
  #noted = 0;

  note(line: number, piece: number, bytes: Uint8Array, start: number, end: number): void {
    if (++this.#noted > this.#frames.length && this.#frames.length < MOST) this.#grow();
    this.#set(line, piece, print(bytes, start, end));
  }

  /** True when this frame was noted, still is remembered, and looked different. */
  differs(line: number, piece: number, bytes: Uint8Array, start: number, end: number): boolean {
    const slot = this.#slotOf(line, piece);
    return this.#frames[slot] === line * PIECES + piece && this.#prints[slot] !== print(bytes, start, end);
  }

  #set(line: number, piece: number, mark: number): void {
    const slot = this.#slotOf(line, piece);
    this.#frames[slot] = line * PIECES + piece;
    this.#prints[slot] = mark;
  }

  /** A run that prints little is to cost little. */
  #grow(): void {
    const [frames, prints] = [this.#frames, this.#prints];
    this.#frames = new Float64Array(frames.length * GROWTH);
    this.#prints = new Int32Array(frames.length * GROWTH);
    for (const [slot, frame] of frames.entries())
      if (frame > 0) this.#set(Math.floor(frame / PIECES), frame % PIECES, prints[slot] ?? 0);
  }

  #slotOf(line: number, piece: number): number {
    return (line + piece * 31) % this.#frames.length;
  }
}

/** Frames that are remembered. */
const LEAST = 64;
const MOST = 4096;
const GROWTH = 4;
/** Pieces of a line of 32 MiB are 2,185. */
const PIECES = 4096;

function print(bytes: Uint8Array, start: number, end: number): number {
  const length = end - start;
  let mark = length | 0;
  const step = Math.max(1, Math.floor(length / 8));
  for (let at = start; at < end; at += step) mark = (Math.imul(mark, 31) + (bytes[at] ?? 0)) | 0;
  return length === 0 ? mark : (Math.imul(mark, 31) + (bytes[end - 1] ?? 0)) | 0;
}
