import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FrameWriter, type WriteSome } from "../../src/runner/frame-writer.ts";
import { cases } from "../support/thoroughness.ts";

const systemError = (code: string): Error => Object.assign(new Error(code), { code });

/** A descriptor that takes as many bytes at a time as it is told, or none: EAGAIN. */
function descriptor(takes: (call: number) => number | "EAGAIN"): { written: () => Buffer; write: WriteSome } {
  const parts: Buffer[] = [];
  let calls = 0;
  const write: WriteSome = async (_, buffers) => {
    const take = takes(calls++);
    if (take === "EAGAIN") throw systemError("EAGAIN");
    const part = Buffer.from(Buffer.concat(buffers).subarray(0, take));
    parts.push(part);
    return part.length;
  };
  return { written: () => Buffer.concat(parts), write };
}

describe("FrameWriter", () => {
  it("writes everything once and in order, however little the kernel takes", async () => {
    const chunk = fc.uint8Array({ minLength: 1, maxLength: 50 }).map((bytes) => Buffer.from(bytes));
    const take = fc.oneof(fc.integer({ min: 1, max: 60 }), fc.constant("EAGAIN" as const));
    await fc.assert(
      fc.asyncProperty(fc.array(chunk), fc.array(take, { maxLength: 8 }), async (chunks, takes) => {
        const target = descriptor((call) => takes[call] ?? 7);
        const writer = new FrameWriter(1, target.write);
        for (const bytes of chunks) {
          writer.push(bytes);
          if (bytes.length % 3 === 0) await Promise.resolve();
        }
        await writer.flushed();
        expect(target.written().equals(Buffer.concat(chunks))).toBe(true);
        expect(writer.failure).toBeNull();
      }),
      { numRuns: cases(60) },
    );
  });

  it("is full above its bound, and calls when there is room again", async () => {
    let go = (): void => {};
    const stalled = new Promise<void>((resolve) => {
      go = resolve;
    });
    const writer = new FrameWriter(1, async (_, buffers) => {
      await stalled;
      return Buffer.concat(buffers).length;
    });
    let rooms = 0;
    writer.onRoom = () => {
      rooms += 1;
    };
    writer.push(Buffer.alloc(1024 * 1024));
    expect(writer.full).toBe(false);
    writer.push(Buffer.alloc(1));
    expect(writer.full).toBe(true);
    go();
    await writer.flushed();
    expect(writer.full).toBe(false);
    expect(rooms).toBe(1);
  });

  it("throws away what comes after a failure, and holds nobody up", async () => {
    const writer = new FrameWriter(1, async () => {
      throw systemError("EPIPE");
    });
    let rooms = 0;
    writer.onRoom = () => {
      rooms += 1;
    };
    writer.push(Buffer.alloc(3 * 1024 * 1024));
    await writer.flushed();
    expect(writer.failure?.message).toBe("EPIPE");
    writer.push(Buffer.alloc(3 * 1024 * 1024));
    expect(writer.full).toBe(false);
    expect(rooms).toBe(1);
  });
});
