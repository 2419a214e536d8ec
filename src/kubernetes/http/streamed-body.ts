/** Bytes that wait to be read, from which on the sender is stopped. */
const MAX_UNREAD_BYTES = 192 * 1024;
const END = { done: true, value: undefined } as const;

/** What stands between the sender and the reader of a body. */
export interface Sender {
  pause(): void;
  resume(): void;
  /** Nobody will read the rest. */
  cancel(): void;
}

/**
 * The body of an answer, handed on as what came in one turn of the event loop: one piece at a time, each line of a log would
 * cost a stream, an iterator and a follower a turn (docs/decisions/0032). Nothing waits longer than that turn.
 */
export class StreamedBody implements AsyncIterableIterator<Buffer, undefined, undefined> {
  readonly #sender: Sender;
  #pieces: Buffer[] = [];
  /** Of all pieces. */
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

  /** What came in one turn, put together. */
  async next(): Promise<IteratorResult<Buffer, undefined>> {
    const pieces = await this.#take();
    if (pieces === null) return END;
    const [first] = pieces;
    return { done: false, value: pieces.length === 1 && first ? first : Buffer.concat(pieces) };
  }

  /**
   * The same without a copy, as the pieces in which it came: memory for a copy of everything makes V8 look through its whole heap
   * for each 64 MB (measured: half of what the reading cost).
   */
  pieces(): AsyncIterableIterator<readonly Buffer[], undefined, undefined> {
    const next = async (): Promise<IteratorResult<readonly Buffer[], undefined>> => {
      const value = await this.#take();
      return value === null ? END : { done: false, value };
    };
    const iterator = {
      next,
      return: async () => {
        await this.return();
        return END;
      },
      [Symbol.asyncIterator]: () => iterator,
    };
    return iterator;
  }

  /** The reader leaves. */
  return(): Promise<IteratorResult<Buffer, undefined>> {
    this.#drop();
    if (!this.#end) {
      this.#end = { error: null };
      this.#sender.cancel();
    }
    this.#wake();
    return Promise.resolve(END);
  }

  /** What has come, or will come next; null at the end. */
  async #take(): Promise<readonly Buffer[] | null> {
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
    const pieces = this.#pieces;
    this.#drop();
    return pieces;
  }

  /** An error is thrown once. */
  #finished(error: Error | null): null {
    this.#end = { error: null };
    if (error !== null) throw error;
    return null;
  }

  #wake(): void {
    if (this.#due) clearImmediate(this.#due);
    this.#due = null;
    this.#waiting?.resolve();
    this.#waiting = null;
  }

  #drop(): void {
    this.#pieces = [];
    this.#bytes = 0;
  }
}

/** @param body of any answer */
export function piecesOf(body: AsyncIterable<Buffer>): AsyncIterable<readonly Buffer[]> {
  return body instanceof StreamedBody ? body.pieces() : alone(body);
}

async function* alone(body: AsyncIterable<Buffer>): AsyncGenerator<readonly Buffer[], void, void> {
  for await (const chunk of body) yield [chunk];
}
