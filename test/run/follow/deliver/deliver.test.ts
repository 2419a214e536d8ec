import { existsSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { systemClock } from "../../../../src/kubernetes/clock.ts";
import { BATCH_BYTES } from "../../../../src/run/follow/assemble/batch.ts";
import { characterCut } from "../../../../src/run/follow/deliver/character-cut.ts";
import { Delivery, type OnLog } from "../../../../src/run/follow/deliver/deliver.ts";
import { Spool } from "../../../../src/run/follow/deliver/spool.ts";

function delivery(onLog: OnLog, memoryBytes = 1 << 20, tooLongMs = 60_000) {
  const patience: boolean[] = [];
  const faults: Error[] = [];
  const spills: (Error | null)[] = [];
  const made = new Delivery({
    onLog,
    onFault: (error) => faults.push(error),
    onSpill: (error) => spills.push(error),
    memoryBytes,
    tooLong: (signal, hanging) => {
      patience.push(hanging);
      return systemClock.sleep(tooLongMs, signal);
    },
  });
  return { made, faults, spills, patience };
}

const NEVER = new AbortController().signal;

describe("Delivery", () => {
  test("hands on whole lines in chunks that the host does not cut", async () => {
    const chunks: string[] = [];
    const { made } = delivery(async (_, chunk) => void chunks.push(chunk));
    const lines = Array.from({ length: 5000 }, (_, at) => `{"n":${at},"text":"é${"€".repeat(at % 90)}"}\n`);
    for (const line of lines) made.push("stdout", Buffer.from(line));
    await made.finish(NEVER);
    expect(chunks.join("")).toBe(lines.join(""));
    expect(chunks.every((chunk) => chunk.endsWith("\n") && chunk.length < 65_536)).toBe(true);
    expect(chunks.length).toBeLessThan(100);
  });

  test("a line longer than a chunk arrives in parts that add up to it", async () => {
    const chunks: string[] = [];
    const { made } = delivery((_, chunk) => void chunks.push(chunk));
    const line = `${"€😀é".repeat(600_000)}\n`;
    made.push("stdout", Buffer.from(line));
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
      made.push(stream, Buffer.from(`${at}\n`));
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
    for (let at = 0; at < 20; at++) made.push(at % 2 ? "stdout" : "stderr", Buffer.from(`${at}\n`));
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
    made.push("stderr", Buffer.from("1\n"));
    made.push("stdout", Buffer.from("2\n"));
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
    for (let at = 0; at < 5; at++) made.push(at % 2 ? "stdout" : "stderr", Buffer.from(`${at}\n`));
    await made.finish(NEVER);
    expect(patience).toEqual([false, true, true, false, false]);
  });

  test("what a slow onLog leaves waiting goes to disk, comes back in order, and leaves no file", async () => {
    const before = new Set(readdirSync(tmpdir()));
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
      made.push("stdout", Buffer.from(line));
      if (made.overfull) await new Promise<void>((resolve) => setImmediate(resolve));
    }
    release();
    await made.finish(NEVER);
    expect(got === lines.join("")).toBe(true);
    expect(spills).toEqual([null]);
    expect(
      readdirSync(tmpdir()).filter(
        (name) => name.startsWith("claude-k8s-") && !before.has(name) && existsSync(`${tmpdir()}/${name}/spool`),
      ),
    ).toEqual([]);
  });
});

describe("Spool", () => {
  test("gives back what was put in, first in first out, whatever the turns", { timeout: 60_000 }, async () => {
    const turn = fc.oneof(
      fc.record({ push: fc.integer({ min: 1, max: 700_000 }), tag: fc.nat(1) }),
      fc.record({ take: fc.integer({ min: 1, max: 100_000 }) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(turn, { maxLength: 20 }), async (turns) => {
        const spool = new Spool(1000, () => undefined);
        const put: string[] = [];
        const got: string[] = [];
        const take = async (bytes: number) => {
          for (const entry of await spool.take(bytes)) got.push(`${entry.tag} ${entry.bytes.length} ${entry.bytes[0]}`);
        };
        for (const next of turns) {
          if ("take" in next) await take(next.take);
          else {
            const bytes = Buffer.alloc(next.push, put.length);
            put.push(`${next.tag} ${bytes.length} ${bytes[0]}`);
            spool.push(next.tag, bytes);
          }
        }
        while (!spool.empty) await take(1000);
        await spool.close();
        expect(got).toEqual(put);
      }),
      { numRuns: 60 },
    );
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
      { numRuns: 2000 },
    );
    expect(BATCH_BYTES).toBeLessThan(65_536);
  });
});
