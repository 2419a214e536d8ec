/** Bytes that wait to be read, from which on the sender is stopped. */
const MAX_UNREAD_BYTES = 192 * 1024;
/**
 * Pieces that are put together at once. More of them in one turn live long enough for V8 to take them for lasting, and their
 * memory stays until it looks at the whole heap (measured: 90 MB in place of 60).
 */
const MOST_PIECES = 64;

/** What stands between the sender and the reader of a body. */
export interface Sender {
  pause(): void;
  resume(): void;
  /** Nobody will read the rest. */
  cancel(): void;
}

/**
 * The body of an answer, handed on as what came in one turn of the event loop: one piece at a time, each line of a log would
 * cost a stream, an iterator and a follower a turn (docs/decisions/0031). Nothing waits longer than that turn.
 */
export class StreamedBody implements AsyncIterableIterator<Buffer, undefined, undefined> {
  readonly #sender: Sender;
  #blocks: Buffer[] = [];
  #pieces: Buffer[] = [];
  /** Of all blocks and pieces. */
  #bytes = 0;
  #paused = false;
  #end: { readonly error: Error | null } | null = null;
  #waiting: PromiseWithResolvers<void> | null = null;
  #due: NodeJS.Immediate | null = null;

  constructor(sender: Sender) {
    this.#sender = sender;
  }

  /** A piece has come; it is the body's own from here on. */
  push(piece: Buffer): void {
    if (this.#end) return;
    this.#pieces.push(piece);
    this.#bytes += piece.length;
    if (this.#pieces.length === MOST_PIECES) this.#fold();
    if (this.#bytes >= MAX_UNREAD_BYTES) {
      this.#wake();
      if (!this.#paused) this.#sender.pause();
      this.#paused = true;
    } else if (this.#waiting) this.#due ??= setImmediate(() => this.#wake());
  }

  /** Nothing will come any more; an error is thrown behind what came before it. */
  finish(error: Error | null = null): void {
    this.#end ??= { error };
    this.#wake();
  }

  /** Nothing is given out any more, what came before it neither. */
  discard(reason: Error): void {
    this.#drop();
    this.#end = { error: reason };
    this.#wake();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Buffer, undefined>> {
    while (this.#bytes === 0) {
      if (this.#end) return this.#finished(this.#end.error);
      if (this.#paused) {
        this.#paused = false;
        // Before this returns more may have come, and the end.
        this.#sender.resume();
        continue;
      }
      this.#waiting ??= Promise.withResolvers();
      await this.#waiting.promise;
    }
    if (this.#blocks.length === 0) this.#fold();
    const value = this.#blocks.shift() as Buffer;
    this.#bytes -= value.length;
    return { done: false, value };
  }

  /** The reader leaves. */
  return(): Promise<IteratorResult<Buffer, undefined>> {
    this.#drop();
    if (!this.#end) {
      this.#end = { error: null };
      this.#sender.cancel();
    }
    this.#wake();
    return Promise.resolve({ done: true, value: undefined });
  }

  /** An error is thrown once. */
  #finished(error: Error | null): IteratorResult<Buffer, undefined> {
    this.#end = { error: null };
    if (error !== null) throw error;
    return { done: true, value: undefined };
  }

  #wake(): void {
    if (this.#due) clearImmediate(this.#due);
    this.#due = null;
    this.#waiting?.resolve();
    this.#waiting = null;
  }

  #fold(): void {
    const [first] = this.#pieces;
    this.#blocks.push(this.#pieces.length === 1 && first ? first : Buffer.concat(this.#pieces));
    this.#pieces = [];
  }

  #drop(): void {
    this.#blocks = [];
    this.#pieces = [];
    this.#bytes = 0;
  }
}
