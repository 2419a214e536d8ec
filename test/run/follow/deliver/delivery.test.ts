import { describe, expect, test } from "vitest";
import { systemClock } from "../../../../src/kubernetes/clock.ts";
import { BATCH_BYTES } from "../../../../src/run/follow/assemble/batch.ts";
import { Delivery } from "../../../../src/run/follow/deliver/delivery.ts";
import { block } from "../blocks.ts";
import { delivery, NEVER } from "./deliveries.ts";
import { openSpools } from "./open-spools.ts";

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

test("a chunk is shorter than the 64 KiB at which the host cuts", () => {
  expect(BATCH_BYTES).toBeLessThan(65_536);
});
