/** Bytes that are handed on at once, at most. */
const BLOCK_BYTES = 64 * 1024;
/** Blocks that wait to be read, from which on the sender is stopped. */
const MAX_UNREAD = 3;
/** Blocks that nobody uses at the moment, of all streams together. */
const MAX_SPARE = 8;

const spare: Buffer[] = [];
const takeBlock = (): Buffer => spare.pop() ?? Buffer.allocUnsafeSlow(BLOCK_BYTES);
const giveBack = (block: Buffer): void => void (spare.length < MAX_SPARE && spare.push(block));

/** What stands between the sender and the reader of a body. */
export interface Sender {
  pause(): void;
  resume(): void;
  /** Nobody will read the rest. */
  cancel(): void;
}

/**
 * The body of an answer, gathered into blocks of what came in one turn of the event loop: one piece at a time, each line of a
 * log would cost a stream, an iterator and a follower a turn (docs/decisions/0031). A block is used again: its bytes are valid
 * until the next one is asked for. An idle body holds none.
 */
export class StreamedBody implements AsyncIterableIterator<Buffer, undefined, undefined> {
  readonly #sender: Sender;
  #unread: Buffer[] = [];
  #filling: Buffer | null = null;
  #length = 0;
  /** In the reader's hands. */
  #lent: Buffer | null = null;
  #paused = false;
  #end: { readonly error: unknown } | null = null;
  #waiting: PromiseWithResolvers<void> | null = null;
  #due: NodeJS.Immediate | null = null;

  constructor(sender: Sender) {
    this.#sender = sender;
  }

  /** A piece has come; it is copied. */
  push(piece: Buffer): void {
    if (this.#end) return;
    for (let at = 0; at < piece.length; ) {
      this.#filling ??= takeBlock();
      const copied = piece.copy(this.#filling, this.#length, at);
      at += copied;
      this.#length += copied;
      if (this.#length === BLOCK_BYTES) this.#fold();
    }
    if (this.#unread.length > 0) this.#wake();
    else if (this.#waiting) this.#due ??= setImmediate(() => this.#wake());
    if (this.#paused || this.#unread.length < MAX_UNREAD) return;
    this.#paused = true;
    this.#sender.pause();
  }

  /** Nothing will come any more; an error is thrown behind what came before it. */
  finish(error: unknown = null): void {
    this.#end ??= { error };
    this.#wake();
  }

  /** Nothing is given out any more, what came before it neither. */
  discard(reason: unknown): void {
    this.#drop();
    this.#end = { error: reason };
    this.#wake();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Buffer, undefined>> {
    this.#reclaim();
    while (this.#unread.length === 0 && this.#length === 0) {
      if (this.#end) return this.#finished(this.#end.error);
      if (this.#paused) {
        this.#paused = false;
        this.#sender.resume();
      }
      this.#waiting ??= Promise.withResolvers();
      await this.#waiting.promise;
    }
    if (this.#unread.length === 0) this.#fold();
    const value = this.#unread.shift() as Buffer;
    this.#lent = value;
    return { done: false, value };
  }

  /** The reader leaves. */
  return(): Promise<IteratorResult<Buffer, undefined>> {
    this.#reclaim();
    this.#drop();
    if (!this.#end) {
      this.#end = { error: null };
      this.#sender.cancel();
    }
    this.#wake();
    return Promise.resolve({ done: true, value: undefined });
  }

  #finished(error: unknown): IteratorResult<Buffer, undefined> {
    this.#end = { error: null };
    if (error !== null) throw error as Error;
    return { done: true, value: undefined };
  }

  /** What was gathered so far is a block. */
  #fold(): void {
    if (this.#filling) this.#unread.push(this.#filling.subarray(0, this.#length));
    this.#filling = null;
    this.#length = 0;
  }

  #wake(): void {
    if (this.#due) clearImmediate(this.#due);
    this.#due = null;
    this.#waiting?.resolve();
    this.#waiting = null;
  }

  #reclaim(): void {
    if (this.#lent) giveBack(Buffer.from(this.#lent.buffer));
    this.#lent = null;
  }

  #drop(): void {
    this.#fold();
    for (const block of this.#unread) giveBack(Buffer.from(block.buffer));
    this.#unread = [];
  }
}
