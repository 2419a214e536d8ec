import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type Channel,
  FrameHead,
  frameHead,
  MAX_BODY_BYTES,
  MAX_HEAD_BYTES,
  parseFrame,
} from "../../src/runner/frame.ts";
import { cases } from "../support/thoroughness.ts";

describe("a frame", () => {
  it("is read back as it was written", () => {
    const channel = fc.constantFrom<Channel>("stdout", "stderr");
    const line = fc.integer({ min: 1, max: 99_999_999_999_999 });
    const piece = fc.integer({ min: 0, max: 999_999_999 });
    const bytes = fc.uint8Array({ minLength: 1 });
    fc.assert(
      fc.property(channel, line, piece, fc.boolean(), bytes, (channel, line, piece, last, bytes) => {
        const body = last ? Buffer.from(bytes) : Buffer.alloc(MAX_BODY_BYTES, bytes);
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
        const isFrame = head.readCut(bytes, start, start + line.length);
        expect(isFrame).toBe(/^e?[1-9]\d{0,13}([+](0|[1-9]\d{0,8})|=[1-9]\d{0,8})?\|/.test(text));
        if (!isFrame) return;
        const written = frameHead(head.channel, head.line, head.piece, head.last);
        expect(bytes.toString("latin1", start, head.body)).toBe(written);
        expect(written.length).toBeLessThanOrEqual(MAX_HEAD_BYTES);
      }),
      { numRuns: cases(5000) },
    );
  });

  it("fills each piece but the last: what does not is no frame of the runner's", () => {
    const body = (bytes: number): Buffer => Buffer.alloc(bytes, "x");
    const isFrame = (head: string, bytes: number) => {
      const line = Buffer.concat([Buffer.from(head), body(bytes)]);
      return new FrameHead().read(line, 0, line.length);
    };
    for (const bytes of [0, 1, MAX_BODY_BYTES - 1, MAX_BODY_BYTES + 1]) {
      expect(isFrame("1+0|", bytes), `piece of ${bytes}`).toBe(false);
      expect(isFrame("7=2|", bytes), `end of ${bytes}`).toBe(bytes > 0 && bytes <= MAX_BODY_BYTES);
      expect(isFrame("e3|", bytes), `line of ${bytes}`).toBe(bytes <= MAX_BODY_BYTES);
    }
    for (const head of ["1+0|", "1+9|", "7=2|", "e3|"]) expect(isFrame(head, MAX_BODY_BYTES)).toBe(true);
  });
});
