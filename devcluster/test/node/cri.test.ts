import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CriEncoder, PART_BYTES } from "../../src/node/logs/cri.ts";
import { CriDecoder } from "../../src/node/logs/decoder.ts";
import { createStamper } from "../../src/node/logs/stamp.ts";

const START = Date.UTC(2026, 10, 22, 7, 23, 14);
/** Its clock goes as the monotonic timer does: one that stood still would have been set back by whoever was held up. */
const stamper = () => {
  const began = performance.now();
  return createStamper(() => Math.floor(START + performance.now() - began));
};

function encode(chunks: readonly Buffer[]): Buffer {
  const encoder = new CriEncoder("stdout", stamper());
  return Buffer.concat([...chunks.map((chunk) => encoder.encode(chunk)), encoder.flush()]);
}

/** Cuts where the numbers say, as pipes do. */
function cut(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const chunks: Buffer[] = [];
  let start = 0;
  for (const size of sizes) {
    chunks.push(bytes.subarray(start, start + size));
    start += size;
  }
  return [...chunks, bytes.subarray(start)];
}

function decode(entries: Buffer, options: { timestamps: boolean; since?: number }): Buffer {
  return new CriDecoder(options).decode(entries).output;
}

/** Lines of all sizes around the limit of one part; the last may lack its newline. */
const output = fc
  .tuple(
    fc.array(
      fc.oneof(
        fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
        fc.integer({ min: PART_BYTES - 2, max: 2 * PART_BYTES + 2 }).map((size) => Buffer.alloc(size, "x")),
      ),
      { maxLength: 6 },
    ),
    fc.boolean(),
  )
  .map(([lines, whole]) =>
    Buffer.from(lines.map((line) => line.toString("latin1")).join("\n") + (whole ? "\n" : ""), "latin1"),
  );
const sizes = fc.array(fc.integer({ min: 0, max: 20_000 }), { maxLength: 8 });

describe("entries of a container runtime's log", () => {
  test("what a container wrote is what is read, wherever the pipe cut it", () => {
    fc.assert(
      fc.property(output, sizes, (bytes, at) => {
        expect(decode(encode(cut(bytes, at)), { timestamps: false }).equals(bytes)).toBe(true);
      }),
    );
  });

  test("it does not matter in which blocks the file is read", () => {
    fc.assert(
      fc.property(output, sizes, (bytes, at) => {
        const entries = encode([bytes]);
        const decoder = new CriDecoder({ timestamps: true });
        const parts: Buffer[] = [];
        let rest = Buffer.alloc(0);
        for (const block of cut(entries, at)) {
          const { output: part, used } = decoder.decode(Buffer.concat([rest, block]));
          rest = Buffer.concat([rest, block]).subarray(used);
          parts.push(part);
        }
        expect(Buffer.concat(parts).equals(decode(entries, { timestamps: true }))).toBe(true);
      }),
    );
  });

  test("each line has one stamp of nine digits, in order, none twice", () => {
    fc.assert(
      fc.property(fc.array(fc.stringMatching(/^[a-z]{0,9}$/), { minLength: 1 }), (lines) => {
        const text = decode(encode([Buffer.from(`${lines.join("\n")}\n`)]), { timestamps: true }).toString();
        const matches = [...text.matchAll(/^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z) (.*)$/gm)];
        expect(matches.map((match) => match[2])).toEqual(lines);
        const stamps = matches.map((match) => match[1] ?? "");
        expect(new Set(stamps).size).toBe(stamps.length);
        expect([...stamps].sort()).toEqual(stamps);
      }),
    );
  });

  test("16,384 bytes are one entry, one more are a part and a rest", () => {
    const tags = (size: number) =>
      [
        ...encode([Buffer.from(`${"x".repeat(size)}\n`)])
          .toString()
          .matchAll(/ stdout ([FP]) /g),
      ].map(([, tag]) => tag);
    expect(tags(PART_BYTES)).toEqual(["F"]);
    expect(tags(PART_BYTES + 1)).toEqual(["P", "F"]);
    expect(tags(2 * PART_BYTES)).toEqual(["P", "F"]);
    expect(tags(2 * PART_BYTES + 1)).toEqual(["P", "P", "F"]);
  });

  test("a line that never ends stays a part", () => {
    expect(encode([Buffer.from("prompt")]).toString()).toMatch(/Z stdout P prompt\n$/);
  });

  test("trailing zeros of a stamp are dropped in the file and come back in the answer", () => {
    const line = (stamp: string) => Buffer.from(`${stamp} stderr F hi\n`);
    const stamps = ["2026-11-22T07:23:36.35562061Z", "2026-11-22T07:23:36Z", "2026-11-22T07:23:36.000000001Z"];
    expect(stamps.map((stamp) => decode(line(stamp), { timestamps: true }).toString())).toEqual([
      "2026-11-22T07:23:36.355620610Z hi\n",
      "2026-11-22T07:23:36.000000000Z hi\n",
      "2026-11-22T07:23:36.000000001Z hi\n",
    ]);
  });

  test("sinceTime within a long line: its rest comes first, without a stamp", () => {
    const entries = Buffer.from(
      "2026-11-22T07:23:14.5Z stdout P aaa\n" +
        "2026-11-22T07:23:15.5Z stdout P bbb\n" +
        "2026-11-22T07:23:15.6Z stdout F ccc\n" +
        "2026-11-22T07:23:15.7Z stdout F next\n",
    );
    const since = Date.UTC(2026, 10, 22, 7, 23, 15) / 1000;
    expect(decode(entries, { timestamps: true, since }).toString()).toBe(
      "bbbccc\n2026-11-22T07:23:15.700000000Z next\n",
    );
  });

  test("stderr between two parts of stdout breaks the line, as on a real node", () => {
    const entries = Buffer.from(
      "2026-11-22T07:23:14.1Z stdout P AAA\n2026-11-22T07:23:14.2Z stderr F oops\n2026-11-22T07:23:14.3Z stdout F BBB\n",
    );
    expect(decode(entries, { timestamps: true }).toString()).toBe(
      "2026-11-22T07:23:14.100000000Z AAAoops\n2026-11-22T07:23:14.300000000Z BBB\n",
    );
  });
});
