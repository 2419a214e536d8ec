/** Bytes of a block: as many as the host takes at once, so that a full one goes on as it is. */
const BLOCK_BYTES = 60 * 1024;

/** Blocks that nobody uses now: of a thousand streams few have bytes in the same moment. */
const spare: Buffer[] = [];
const MAX_SPARE = 16;
/** All blocks there are. */
const own = new WeakSet<ArrayBufferLike>();

/** Pieces, put together in blocks that all streams of the process use in turn. */
export class Gathered {
  /** Of all pieces. */
  bytes = 0;
  /** A piece that came alone so far: a thousand streams that have a line each take no block each. */
  #only: Buffer | null = null;
  #blocks: Buffer[] = [];
  /** The block that is being filled, and how far it is. Null: the next piece begins another. */
  #open: Buffer | null = null;
  #filled = 0;

  /** Copies a piece, unless it is alone or larger than a block: these stay where they are. */
  add(piece: Buffer): void {
    const isFirst = this.bytes === 0;
    this.bytes += piece.length;
    if (isFirst) this.#only = piece;
    else {
      if (this.#only !== null) this.#put(this.#only);
      this.#only = null;
      this.#put(piece);
    }
  }

  #put(piece: Buffer): void {
    if (piece.length > BLOCK_BYTES) {
      this.#close();
      this.#blocks.push(piece);
      return;
    }
    if (this.#open === null || this.#filled + piece.length > BLOCK_BYTES) {
      this.#close();
      this.#open = spare.pop() ?? newBlock();
    }
    this.#open.set(piece, this.#filled);
    this.#filled += piece.length;
  }

  /** All of it, which is forgotten here; to be given back when it is read. */
  take(): readonly Buffer[] {
    this.#close();
    const blocks = this.#only === null ? this.#blocks : [this.#only];
    this.#only = null;
    this.#blocks = [];
    this.bytes = 0;
    return blocks;
  }

  /** Throws it away. */
  clear(): void {
    Gathered.giveBack(this.take());
  }

  /** The blocks' bytes are overwritten from here on. */
  static giveBack(blocks: readonly Buffer[]): void {
    for (const { buffer } of blocks) if (own.has(buffer) && spare.length < MAX_SPARE) spare.push(Buffer.from(buffer));
  }

  #close(): void {
    if (this.#open !== null) this.#blocks.push(this.#open.subarray(0, this.#filled));
    this.#open = null;
    this.#filled = 0;
  }
}

function newBlock(): Buffer {
  const block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
  own.add(block.buffer);
  return block;
}
