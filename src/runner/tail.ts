const TAIL_BYTES = 4096;

/** The end of what was pushed. */
export class Tail {
  #bytes: Buffer = Buffer.alloc(0);
  #isCut = false;

  push(chunk: Buffer): void {
    this.#isCut ||= this.#bytes.length + chunk.length > TAIL_BYTES;
    this.#bytes = Buffer.concat([this.#bytes, chunk.subarray(-TAIL_BYTES)]).subarray(-TAIL_BYTES);
  }

  /** Without a character that was cut off at the front. */
  get text(): string {
    let start = 0;
    while (this.#isCut && start < 3 && ((this.#bytes[start] ?? 0) & 0xc0) === 0x80) start += 1;
    return this.#bytes.toString("utf8", start);
  }
}
