import fc from "fast-check";
import { expect, test } from "vitest";
import { type Sender, StreamedBody } from "../../../src/kubernetes/http/streamed-body.ts";
import { cases } from "../../support/thoroughness.ts";

/** A sender that counts what it is told; `onResume` is what comes before resume() returns. */
class CountingSender implements Sender {
  paused = false;
  cancelled = 0;
  onResume: () => void = () => undefined;
  pause(): void {
    this.paused = true;
  }
  resume(): void {
    this.paused = false;
    this.onResume();
  }
  cancel(): void {
    this.cancelled++;
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const BIG = Buffer.alloc(256 * 1024, "b");

test("hands on at once what came in one turn, in memory of its own", async () => {
  const body = new StreamedBody(new CountingSender());
  const first = body.next();
  for (const piece of ["a", "b", "c"]) body.push(Buffer.from(piece));
  const { value } = await first;
  body.push(Buffer.from("xyz"));
  await body.next();
  expect(value?.toString()).toBe("abc");
});

test("hands on blocks, which are used again once the next are asked for; a large piece as it is", async () => {
  const body = new StreamedBody(new CountingSender());
  const blocks = body.blocks();
  for (const piece of ["a", "b", "c"]) body.push(Buffer.from(piece));
  body.push(BIG);
  body.push(Buffer.from("d"));
  const { value: [small, large, last] = [] } = await blocks.next();
  expect([small, last].map(String)).toEqual(["abc", "d"]);
  expect(large).toBe(BIG);
  for (const piece of ["1", "2", "3"]) body.push(Buffer.from(piece));
  expect(String(small)).toBe("abc");
  const next = await blocks.next();
  expect(String(next.value)).toBe("123");
  for (const piece of ["4", "5"]) body.push(Buffer.from(piece));
  await blocks.next();
  // Of the two blocks that were given back one was taken.
  expect([small, last].map((block) => block?.subarray(0, 1).toString())).toContain("4");
});

test("a reader of blocks that leaves cancels the sender", async () => {
  const sender = new CountingSender();
  const body = new StreamedBody(sender);
  const blocks = body.blocks();
  body.push(Buffer.from("d"));
  for await (const _ of blocks) break;
  expect(sender.cancelled).toBe(1);
  expect(await blocks.next()).toMatchObject({ done: true });
});

test("stops a sender that nobody keeps up with, and lets it go on when all is read", async () => {
  const sender = new CountingSender();
  const body = new StreamedBody(sender);
  body.push(BIG);
  expect(sender.paused).toBe(true);
  expect((await body.next()).value).toHaveLength(BIG.length);
  const next = body.next();
  expect(sender.paused).toBe(false);
  body.push(Buffer.from("more"));
  expect((await next).value?.toString()).toBe("more");
});

test("takes the rest and the end that come before resume() returns", async () => {
  const sender = new CountingSender();
  const body = new StreamedBody(sender);
  sender.onResume = () => {
    body.push(Buffer.from("the rest"));
    body.finish();
  };
  body.push(BIG);
  await body.next();
  expect((await body.next()).value?.toString()).toBe("the rest");
  expect(await body.next()).toEqual({ done: true, value: undefined });
});

test("throws an error once, behind what came before it; a discarded body gives out nothing more", async () => {
  const broken = new StreamedBody(new CountingSender());
  broken.push(Buffer.from("before"));
  broken.finish(new Error("cut"));
  expect((await broken.next()).value?.toString()).toBe("before");
  await expect(broken.next()).rejects.toThrow("cut");
  expect(await broken.next()).toMatchObject({ done: true });

  const discarded = new StreamedBody(new CountingSender());
  discarded.push(Buffer.from("before"));
  discarded.discard(new Error("stopped"));
  await expect(discarded.next()).rejects.toThrow("stopped");
});

test("a reader that leaves cancels a sender that has not ended, once", async () => {
  const sender = new CountingSender();
  const body = new StreamedBody(sender);
  body.push(Buffer.from("x"));
  for await (const _ of body) break;
  await body.return();
  body.push(Buffer.from("late"));
  expect(sender.cancelled).toBe(1);
  expect(await body.next()).toMatchObject({ done: true });
});

/** Bytes of a stream that repeats itself at no power of two, from a place in it on. */
const bytesFrom = (at: number, length: number): Buffer => STREAM.subarray(at % PERIOD, (at % PERIOD) + length);
const PERIOD = 251;
const STREAM = Buffer.from(Uint8Array.from({ length: 1_000_000 }, (_, at) => at % PERIOD));

const step = fc.oneof(
  fc.record({ push: fc.nat({ max: 100_000 }) }),
  fc.constant({ turn: true as const }),
  fc.constant({ read: true as const }),
);

test("any pace of sender and reader: each byte once and in order, no more than the bound and a piece waits", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), fc.boolean(), async (steps, atOnce) => {
      const sender = new CountingSender();
      const body = new StreamedBody(sender);
      /** What the sender keeps back while it is paused. */
      const held: Buffer[] = [];
      let sent = 0;
      let read = 0;
      const release = (): void => {
        while (!sender.paused && held.length > 0) body.push(held.shift() as Buffer);
      };
      sender.onResume = () => (atOnce ? release() : void setImmediate(release));
      const take = async (): Promise<void> => {
        const { value } = await body.next();
        expect(value?.equals(bytesFrom(read, value.length))).toBe(true);
        read += value?.length ?? 0;
      };
      for (const each of steps) {
        if ("push" in each) {
          held.push(bytesFrom(sent, each.push));
          sent += each.push;
          release();
        } else if ("turn" in each) await turn();
        else if (read < sent) await take();
        expect(sent - read - held.reduce((sum, { length }) => sum + length, 0)).toBeLessThan(192 * 1024 + 100_000);
      }
      while (read < sent) await take();
      body.finish();
      expect(await body.next()).toMatchObject({ done: true });
    }),
    { numRuns: cases(200) },
  );
});

test("streams that share their blocks, read at any pace and left at any time: none sees another's bytes", async () => {
  const STREAMS = 4;
  const one = fc.record({
    of: fc.nat({ max: STREAMS - 1 }),
    what: fc.oneof(
      fc.record({ push: fc.nat({ max: 70_000 }) }),
      fc.record({ push: fc.nat({ max: 400 }) }),
      fc.constant("read" as const),
      fc.constant("wait" as const),
      fc.constant("discard" as const),
      fc.constant("leave" as const),
    ),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(one, { maxLength: 100 }), async (steps) => {
      const streams = Array.from({ length: STREAMS }, (_, letter) => new LetteredStream(65 + letter));
      for (const { of, what } of steps) {
        const stream = streams[of] as LetteredStream;
        if (typeof what === "object") stream.push(what.push);
        else if (what === "read") await stream.read();
        else if (what === "wait") stream.wait();
        else if (what === "leave") await stream.leave();
        else stream.discard();
        for (const each of streams) each.check();
      }
    }),
    { numRuns: cases(300) },
  );
});

/** All its bytes are one letter. */
class LetteredStream {
  readonly #letter: number;
  readonly #body = new StreamedBody(new CountingSender());
  readonly #blocks = this.#body.blocks();
  #unread = 0;
  #ended = false;
  #seen: readonly Buffer[] = [];
  /** A read that found nothing. */
  #waiting: Promise<void> | null = null;

  constructor(letter: number) {
    this.#letter = letter;
  }

  push(bytes: number): void {
    this.#body.push(Buffer.alloc(bytes, this.#letter));
    if (!this.#ended) this.#unread += bytes;
  }

  /** Reads what is not there yet: the next bytes, or the end, end it. */
  wait(): void {
    if (this.#unread > 0 || this.#ended) return;
    this.#seen = [];
    this.#waiting ??= this.#blocks.next().then(
      ({ value }) => {
        this.#waiting = null;
        this.#see(value ?? []);
      },
      () => {
        this.#waiting = null;
      },
    );
  }

  async read(): Promise<void> {
    if (this.#waiting && (this.#unread > 0 || this.#ended)) return this.#waiting;
    if (this.#unread === 0) return;
    this.#see((await this.#blocks.next()).value ?? []);
  }

  #see(blocks: readonly Buffer[]): void {
    this.#seen = blocks;
    if (!this.#ended) expect(blocks.reduce((sum, { length }) => sum + length, 0)).toBe(this.#unread);
    this.#unread = 0;
  }

  discard(): void {
    if (!this.#ended) this.#body.discard(new Error("stopped"));
    this.#end();
  }

  async leave(): Promise<void> {
    this.#seen = [];
    await this.#blocks.return?.();
    this.#end();
  }

  check(): void {
    for (const block of this.#seen) expect(block.every((byte) => byte === this.#letter)).toBe(true);
  }

  #end(): void {
    this.#ended = true;
    this.#unread = 0;
  }
}
