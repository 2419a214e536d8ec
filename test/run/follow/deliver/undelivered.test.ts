import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Delivery } from "../../../../src/run/follow/deliver/delivery.ts";
import { cases } from "../../../support/thoroughness.ts";
import { block } from "../blocks.ts";
import { delivery, NEVER } from "./deliveries.ts";

describe("what the host does not have", () => {
  const lines = (from: number, to: number, size = 0) =>
    Buffer.from(Array.from({ length: to - from + 1 }, (_, at) => `${from + at} ${"x".repeat(size)}\n`).join(""));
  const named = (made: Delivery) => {
    const { gaps, lines: count } = made.undelivered();
    return {
      ranges: gaps.map((gap) => `${gap.channel} ${gap.from}-${gap.to}`),
      whys: gaps.map(({ why }) => why),
      count,
    };
  };

  test.each(["throws", "rejects"] as const)("a chunk for which onLog %s is named, and nothing else", async (how) => {
    const { made } = delivery((_, chunk) => {
      if (!chunk.startsWith("4 ")) return;
      if (how === "throws") throw new Error("disk full");
      return Promise.reject(new Error("disk full"));
    });
    for (const [from, to] of [
      [1, 3],
      [4, 6],
      [7, 9],
    ] as const) {
      made.push(block("stdout", lines(from, to), from));
      made.notice("between");
      // Each block is its own chunk.
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
    await made.finish(NEVER);
    expect(named(made)).toEqual({
      ranges: ["stdout 4-6"],
      whys: ["Paperclip did not take them: disk full"],
      count: 3,
    });
  });

  test("a line of several chunks is named when one of them is refused", async () => {
    let calls = 0;
    const { made } = delivery(() => (++calls === 2 ? Promise.reject(new Error("no")) : Promise.resolve()));
    made.push(block("stdout", lines(5, 5, 150_000), 5));
    made.push(block("stdout", lines(6, 6), 6));
    await made.finish(NEVER);
    expect(calls).toBe(4);
    expect(named(made)).toMatchObject({ ranges: ["stdout 5-5"], count: 1 });
  });

  test("a call that never settles is named; one that settles too late is not", async () => {
    const late = Promise.withResolvers<void>();
    const { made } = delivery(
      (_, chunk) => {
        if (chunk.startsWith("1 ")) return late.promise;
        if (chunk.startsWith("2 ")) return new Promise<void>(() => undefined);
        return Promise.resolve();
      },
      1 << 20,
      1,
    );
    for (const [at, channel] of (["stdout", "stderr", "stdout"] as const).entries()) {
      made.push(block(channel, lines(at + 1, at + 1), at + 1));
    }
    await made.finish(NEVER);
    late.resolve();
    await new Promise<void>((resolve) => setImmediate(resolve));
    expect(named(made)).toEqual({ ranges: ["stderr 2-2"], whys: [expect.stringContaining("in time")], count: 0 });
  });

  test("what waits when nobody waits any more is named to the last line", async () => {
    const stop = new AbortController();
    let calls = 0;
    const { made } = delivery(() => (++calls < 3 ? Promise.resolve() : new Promise<void>(() => undefined)), 64 * 1024);
    for (let at = 0; at < 3000; at++) made.push(block("stdout", lines(2 * at + 1, 2 * at + 2, 500), 2 * at + 1));
    made.push(block("stderr", lines(1, 7), 1));
    const finished = made.finish(stop.signal);
    await expect.poll(() => calls).toBe(3);
    stop.abort();
    await finished;
    const { ranges, whys, count } = named(made);
    const [range = ""] = ranges;
    const from = Number(/^stdout (\d+)-6000$/.exec(range)?.[1]);
    expect(calls).toBe(3);
    expect(from).toBeGreaterThan(2);
    expect(count).toBe(6000 - from + 1);
    expect(ranges).toEqual([range, "stderr 1-7"]);
    expect(new Set(whys)).toEqual(new Set(["the run ended before Paperclip took them"]));
  });

  test("whatever onLog does: what it took and what is named are all lines, each once", async () => {
    const doings = fc.constantFrom("takes", "at once", "rejects", "throws");
    const blocks = fc.array(
      fc.record({
        channel: fc.constantFrom("stdout" as const, "stderr" as const),
        lines: fc.integer({ min: 1, max: 5 }),
        size: fc.constantFrom(0, 10, 10_000),
        skip: fc.nat(3),
        wait: fc.boolean(),
      }),
      { maxLength: 30 },
    );
    await fc.assert(
      fc.asyncProperty(
        blocks,
        fc.infiniteStream(doings),
        fc.constantFrom(1, 1 << 20),
        async (pushed, doing, memoryBytes) => {
          const took = new Set<string>();
          const { made } = delivery((stream, chunk) => {
            const how = doing.next().value;
            if (how === "throws") throw new Error("no");
            if (how === "rejects") return Promise.reject(new Error("no"));
            for (const line of chunk.split("\n").slice(0, -1))
              if (/^\d+ /.test(line)) took.add(`${stream} ${Number.parseInt(line, 10)}`);
            return how === "takes" ? Promise.resolve() : undefined;
          }, memoryBytes);
          const next = { stdout: 1, stderr: 1 };
          const all: string[] = [];
          for (const { channel, lines: count, size, skip, wait } of pushed) {
            const from = next[channel] + skip;
            next[channel] = from + count;
            // A gap on the way has its notice: no chunk spans it.
            if (skip > 0) made.notice("missing");
            for (let line = from; line < from + count; line++) all.push(`${channel} ${line}`);
            made.push(block(channel, lines(from, from + count - 1, size), from));
            if (wait) await new Promise<void>((resolve) => setImmediate(resolve));
          }
          await made.finish(NEVER);
          const { gaps, lines: count } = made.undelivered();
          const missing = gaps.flatMap((gap) =>
            Array.from({ length: gap.to - gap.from + 1 }, (_, at) => `${gap.channel} ${gap.from + at}`),
          );
          expect([...took, ...missing].toSorted()).toEqual(all.toSorted());
          expect(count).toBe(missing.filter((line) => line.startsWith("stdout")).length);
        },
      ),
      { numRuns: cases(300) },
    );
  });

  test("ever more refusals are named in ever fewer words", () => {
    const { made } = delivery((_, chunk) => {
      if (Number.parseInt(chunk, 10) % 2 === 0) throw new Error("no");
    });
    for (let at = 1; at <= 1000; at++) made.push(block("stdout", lines(at, at), at));
    const { gaps, lines: count } = made.undelivered();
    expect(gaps).toHaveLength(100);
    expect(gaps.at(-1)).toMatchObject({ from: 200, to: 1000 });
    expect(count).toBe(500);
  });
});
