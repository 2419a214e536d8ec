import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Channel, MAX_BODY_BYTES } from "../../src/runner/frame.ts";
import { FrameBlock, LineFrames } from "../../src/runner/line-frames.ts";
import { cases } from "../support/thoroughness.ts";
import { LogReader } from "./log-reader.ts";

/** Text with many newlines, and now and then a line of several pieces. */
const output = fc
  .array(
    fc.oneof(
      { weight: 6, arbitrary: fc.uint8Array({ maxLength: 40 }) },
      { weight: 3, arbitrary: fc.constant(Buffer.from("\n")) },
      {
        weight: 1,
        arbitrary: fc
          .nat(3)
          .chain((pieces) =>
            fc
              .integer({ min: -2, max: 2 })
              .map((extra) => Buffer.alloc(Math.max(0, pieces * MAX_BODY_BYTES + extra), "x")),
          ),
      },
    ),
    { maxLength: 60 },
  )
  .map((parts) => Buffer.concat(parts));

const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 20 });

/** The same bytes in chunks, as a pipe might give them. */
function chunksOf(bytes: Buffer, where: readonly number[]): Buffer[] {
  const ends = [...where.map((part) => Math.floor(part * bytes.length)), bytes.length].sort((a, b) => a - b);
  return ends.map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end));
}

describe("LineFrames", () => {
  it("gives the same bytes back, however they came, and never a frame larger than a log entry", () => {
    fc.assert(
      fc.property(output, cuts, output, cuts, (stdout, stdoutCuts, stderr, stderrCuts) => {
        const log = new LogReader();
        const block = new FrameBlock((frames) => log.push(frames));
        const out = new LineFrames("stdout", block);
        const err = new LineFrames("stderr", block);
        const fromErr = chunksOf(stderr, stderrCuts);
        for (const chunk of chunksOf(stdout, stdoutCuts)) {
          out.push(chunk);
          const other = fromErr.shift();
          if (other) err.push(other);
        }
        for (const chunk of fromErr) err.push(chunk);
        const ended = { stdout: out.end(), stderr: err.end() };
        log.end();
        for (const [channel, bytes] of Object.entries({ stdout, stderr }) as [Channel, Buffer][]) {
          if (ended[channel] && log[channel].lines > 0) log[channel].raw(Buffer.from("\n"));
          expect(log[channel].start.equals(bytes)).toBe(true);
          expect(ended[channel]).toBe(bytes.length === 0 || bytes[bytes.length - 1] === 10);
        }
        expect(out.lines).toBe(log.stdout.lines);
        expect(log.largestLine).toBeLessThan(16_384);
      }),
      { numRuns: cases(300) },
    );
  });

  it("emits an unfinished line as soon as it is more than a piece, and holds the rest", () => {
    const emitted: Buffer[] = [];
    const frames = new LineFrames("stdout", new FrameBlock((bytes) => emitted.push(bytes)));
    frames.push(Buffer.alloc(MAX_BODY_BYTES, "a"));
    expect(emitted).toHaveLength(0);
    frames.push(Buffer.from("b"));
    expect(emitted.map((bytes) => bytes.length)).toEqual(["1+0|\n".length + MAX_BODY_BYTES]);
    frames.push(Buffer.from("\n"));
    expect(emitted.at(-1)?.toString()).toBe("1=1|b\n");
  });

  it("never writes again to what it has emitted", () => {
    const emitted: Buffer[] = [];
    const copies: Buffer[] = [];
    const block = new FrameBlock((bytes) => {
      emitted.push(bytes);
      copies.push(Buffer.from(bytes));
    });
    const frames = new LineFrames("stdout", block);
    for (let size = 1; size < 400; size += 1) frames.push(Buffer.alloc(size * 7, `${size} ${size % 5 ? "" : "\n"}`));
    frames.end();
    expect(Buffer.concat(emitted).equals(Buffer.concat(copies))).toBe(true);
  });
});
