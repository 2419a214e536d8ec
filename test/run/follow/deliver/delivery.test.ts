import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { systemClock } from "../../../../src/kubernetes/clock.ts";
import { BATCH_BYTES } from "../../../../src/run/follow/assemble/batch.ts";
import { characterCut } from "../../../../src/run/follow/deliver/character-cut.ts";
import { Delivery } from "../../../../src/run/follow/deliver/delivery.ts";
import type { OnLog } from "../../../../src/run/follow/deliver/host-calls.ts";
import { cases } from "../../../support/thoroughness.ts";
import { block } from "../blocks.ts";
import { openSpools } from "./open-spools.ts";

function delivery(onLog: OnLog, memoryBytes = 1 << 20, tooLongMs = 60_000) {
  const patience: boolean[] = [];
  const faults: Error[] = [];
  const spills: (Error | null)[] = [];
  const made = new Delivery({
    onLog,
    onFault: (error) => faults.push(error),
    onSpill: (error) => spills.push(error),
    maxBytes: 1 << 30,
    memoryBytes,
    clock: systemClock,
    limitMs: (hanging) => {
      patience.push(hanging);
      return tooLongMs;
    },
  });
  return { made, faults, spills, patience };
}

const NEVER = new AbortController().signal;

describe("Delivery", () => {
  test("gives the host no more than its bound; what lies behind is named, and a notice says so once", async () => {
    const chunks: string[] = [];
    const full: string[] = [];
    const made = new Delivery({
      onLog: (_, chunk) => void chunks.push(chunk),
      onFault: () => undefined,
      onSpill: () => undefined,
      onFull: (message) => full.push(message),
      maxBytes: 35,
      clock: systemClock,
      limitMs: () => 60_000,
    });
    for (let at = 1; at <= 9; at++) {
      made.push({ channel: "stdout", bytes: Buffer.from("123456789\n"), from: at, to: at });
    }
    await made.finish(NEVER);
    expect(chunks.join("")).toMatch(/^(123456789\n){3}\[paperclip\] The page holds no more than 35 bytes .*\n$/);
    expect(full).toEqual([expect.stringContaining("limits.transcriptBytes of the operator's policy")]);
    const why = "the page holds no more of a run: limits.transcriptBytes of the operator's policy";
    expect(made.undelivered()).toEqual({
      gaps: [{ channel: "stdout", from: 4, to: 9, cause: "undelivered", why }],
      lines: 6,
    });
  });

  test("takes the highest number that a frame can have to disk and back", async () => {
    const held = Promise.withResolvers<void>();
    const { made, spills } = delivery(() => held.promise, 1000);
    const number = 10 ** 14 - 1;
    const bytes = Buffer.from(`${"x".repeat(50_000)}\n`);
    for (let at = 0; at < 60; at++) made.push({ channel: "stdout", bytes, from: number, to: number });
    await expect.poll(() => spills.length).toBe(1);
    held.resolve();
    await made.finish(NEVER);
    expect(spills).toEqual([null]);
  });

  test("hands on whole lines in chunks that the host does not cut", async () => {
    const chunks: string[] = [];
    const { made } = delivery(async (_, chunk) => void chunks.push(chunk));
    const lines = Array.from({ length: 5000 }, (_, at) => `{"n":${at},"text":"é${"€".repeat(at % 90)}"}\n`);
    for (const line of lines) made.push(block("stdout", Buffer.from(line)));
    await made.finish(NEVER);
    expect(chunks.join("")).toBe(lines.join(""));
    expect(chunks.every((chunk) => chunk.endsWith("\n") && chunk.length < 65_536)).toBe(true);
    expect(chunks.length).toBeLessThan(100);
  });

  test("a line longer than a chunk arrives in parts that add up to it", async () => {
    const chunks: string[] = [];
    const { made } = delivery((_, chunk) => void chunks.push(chunk));
    const line = `${"€😀é".repeat(600_000)}\n`;
    made.push(block("stdout", Buffer.from(line)));
    await made.finish(NEVER);
    expect(chunks.join("")).toBe(line);
    expect(chunks.every((chunk) => chunk.length < 65_536 && !chunk.includes("\ufffd"))).toBe(true);
  });

  test("keeps the order of the channels", async () => {
    const got: string[] = [];
    const { made } = delivery(async (stream, chunk) => {
      await Promise.resolve();
      got.push(
        ...chunk
          .split("\n")
          .slice(0, -1)
          .map((line) => `${stream} ${line}`),
      );
    });
    const expected: string[] = [];
    for (let at = 0; at < 200; at++) {
      const stream = at % 3 === 0 ? "stderr" : "stdout";
      made.push(block(stream, Buffer.from(`${at}\n`)));
      expected.push(`${stream} ${at}`);
    }
    await made.finish(NEVER);
    expect(got).toEqual(expected);
  });

  test.each([
    [
      "throws",
      () => {
        throw new Error("full");
      },
    ],
    ["rejects", () => Promise.reject(new Error("full"))],
  ] as const)("an onLog that %s is told once, and later lines are still offered", async (_, fail) => {
    const offered: string[] = [];
    const { made, faults } = delivery((stream, chunk) => {
      offered.push(chunk);
      return stream === "stderr" ? fail() : undefined;
    });
    for (let at = 0; at < 20; at++) made.push(block(at % 2 ? "stdout" : "stderr", Buffer.from(`${at}\n`)));
    await made.finish(NEVER);
    expect(offered.join("")).toBe(Array.from({ length: 20 }, (__, at) => `${at}\n`).join(""));
    expect(faults.map((error) => error.message)).toEqual(["full"]);
  });

  test("an onLog that never settles is told once and passed over", async () => {
    const offered: string[] = [];
    const { made, faults } = delivery(
      (stream, chunk) => {
        offered.push(chunk);
        return stream === "stderr" ? new Promise<void>(() => undefined) : undefined;
      },
      1 << 20,
      1,
    );
    made.push(block("stderr", Buffer.from("1\n")));
    made.push(block("stdout", Buffer.from("2\n")));
    await made.finish(NEVER);
    expect(offered).toEqual(["1\n", "2\n"]);
    expect(faults.length).toBe(1);
  });

  test("while a call hangs the next ones get less time, until it settles", async () => {
    const { promise: first, resolve } = Promise.withResolvers<void>();
    let calls = 0;
    const { made, patience } = delivery(
      async () => {
        if (++calls === 1) return first;
        if (calls === 3) resolve();
      },
      1 << 20,
      5,
    );
    for (let at = 0; at < 5; at++) made.push(block(at % 2 ? "stdout" : "stderr", Buffer.from(`${at}\n`)));
    await made.finish(NEVER);
    expect(patience).toEqual([false, true, true, false, false]);
  });

  test("what a slow onLog leaves waiting goes to disk, comes back in order, and leaves no file", async () => {
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    let got = "";
    const { made, spills } = delivery(async (_, chunk) => {
      await held;
      got += chunk;
    }, 64 * 1024);
    const lines = Array.from({ length: 3000 }, (_, at) => `${at} ${"x".repeat(2000)}\n`);
    for (const line of lines) {
      made.push(block("stdout", Buffer.from(line)));
      if (made.overfull) await new Promise<void>((resolve) => setImmediate(resolve));
    }
    release();
    await made.finish(NEVER);
    expect(got === lines.join("")).toBe(true);
    expect(spills).toEqual([null]);
    expect(openSpools()).toEqual([]);
  });
});

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
    await new Promise<void>((resolve) => setTimeout(resolve, 20));
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

describe("characterCut", () => {
  test("both parts decode to what the whole decodes to", () => {
    const bytes = fc.oneof(
      fc.array(fc.constantFrom("a", "é", "€", "😀"), { maxLength: 14 }).map((parts) => Buffer.from(parts.join(""))),
      fc.uint8Array({ maxLength: 40 }).map((raw) => Buffer.from(raw)),
    );
    fc.assert(
      fc.property(bytes, fc.integer({ min: 4, max: 40 }), (whole, limit) => {
        const cut = characterCut(whole, limit);
        expect(cut).toBeLessThanOrEqual(limit);
        expect(cut > 0 || whole.length === 0).toBe(true);
        expect(whole.toString("utf8", 0, cut) + whole.toString("utf8", cut)).toBe(whole.toString());
      }),
      { numRuns: cases(2000) },
    );
    expect(BATCH_BYTES).toBeLessThan(65_536);
  });
});
