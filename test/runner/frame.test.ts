import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Channel, FrameHead, frameHead, MAX_HEAD_BYTES, parseFrame } from "../../src/runner/frame.ts";

describe("a frame", () => {
  it("is read back as it was written", () => {
    const channel = fc.constantFrom<Channel>("stdout", "stderr");
    const line = fc.integer({ min: 1, max: 999_999_999_999_999 });
    const piece = fc.integer({ min: 0, max: 999_999_999 });
    fc.assert(
      fc.property(channel, line, piece, fc.boolean(), fc.uint8Array(), (channel, line, piece, last, bytes) => {
        const body = Buffer.from(bytes);
        const log = Buffer.concat([Buffer.from(frameHead(channel, line, piece, last)), body]);
        expect(parseFrame(log)).toEqual({ channel, line, piece, last, body });
      }),
    );
  });

  it("is what its writer writes, and nothing else", () => {
    const anything = fc.oneof(
      fc.string({ maxLength: 12 }),
      fc.stringMatching(/^e?[0-9]{1,17}([+=][0-9]{0,11})?\|?.{0,4}$/),
    );
    fc.assert(
      fc.property(anything, fc.nat(5), (text, start) => {
        const line = Buffer.from(text, "latin1");
        const bytes = Buffer.concat([Buffer.alloc(start, "9"), line, Buffer.from("\n7|")]);
        const head = new FrameHead();
        const isFrame = head.read(bytes, start, start + line.length);
        expect(isFrame).toBe(/^e?[1-9]\d{0,14}([+](0|[1-9]\d{0,8})|=[1-9]\d{0,8})?\|/.test(text));
        if (!isFrame) return;
        const written = frameHead(head.channel, head.line, head.piece, head.last);
        expect(bytes.toString("latin1", start, head.body)).toBe(written);
        expect(written.length).toBeLessThanOrEqual(MAX_HEAD_BYTES);
      }),
      { numRuns: 5000 },
    );
  });
});
