import { Gathered } from "./gathered.ts";

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
 * cost a stream, an iterator and a follower a turn (docs/decisions/0032). Nothing waits longer than that turn. Short pieces are
 * copied where they come: each lives too shortly to be moved by a collection, as pieces that wait are, and the heap grows for those.
 */
export class StreamedBody implements AsyncIterableIterator<Buffer, undefined, undefined> {
  readonly #sender: Sender;
  /** What has come and was not taken. */
  readonly #unread = new Gathered();
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
    this.#unread.add(piece);
    if (this.#unread.bytes >= MAX_UNREAD_BYTES) {
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
    this.#unread.clear();
    this.#end = { error: reason };
    this.#wake();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** What came in one turn, in memory of its own. */
  async next(): Promise<IteratorResult<Buffer, undefined>> {
    const blocks = await this.#take();
    if (blocks === null) return END;
    const value = Buffer.concat(blocks);
    Gathered.giveBack(blocks);
    return { done: false, value };
  }

  /**
   * The same in blocks that are used again: they are valid until the next ones are asked for. Fresh memory for everything makes V8
   * look through its whole heap for each 64 MB of it (measured: half of what the reading cost).
   */
  blocks(): AsyncIterableIterator<readonly Buffer[], undefined, undefined> {
    let lent: readonly Buffer[] = [];
    const takeBack = (): void => {
      Gathered.giveBack(lent);
      lent = [];
    };
    const next = async (): Promise<IteratorResult<readonly Buffer[], undefined>> => {
      takeBack();
      const value = await this.#take();
      if (value === null) return END;
      lent = value;
      return { done: false, value };
    };
    const iterator = {
      next,
      return: async () => {
        takeBack();
        await this.return();
        return END;
      },
      [Symbol.asyncIterator]: () => iterator,
    };
    return iterator;
  }

  /** The reader leaves. */
  return(): Promise<IteratorResult<Buffer, undefined>> {
    this.#unread.clear();
    if (!this.#end) {
      this.#end = { error: null };
      this.#sender.cancel();
    }
    this.#wake();
    return Promise.resolve(END);
  }

  /** What has come, or will come next; null at the end. */
  async #take(): Promise<readonly Buffer[] | null> {
    while (this.#unread.bytes === 0) {
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
    return this.#unread.take();
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
}

/** @param body of any answer */
export function blocksOf(body: AsyncIterable<Buffer>): AsyncIterable<readonly Buffer[]> {
  return body instanceof StreamedBody ? body.blocks() : alone(body);
}

async function* alone(body: AsyncIterable<Buffer>): AsyncGenerator<readonly Buffer[], void, void> {
  for await (const chunk of body) yield [chunk];
}
