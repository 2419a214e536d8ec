/** The bounded copy of the frames, and the program that reads it in the pod: under each shell found here. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { FrameWriter } from "../../src/runner/frame-writer.ts";
import { FIRST_OFFSET, transcriptReader } from "../../src/runner/spec.ts";
import { openTranscriptFolder } from "../../src/runner/transcript-folder.ts";
import { shRunners } from "./runners.ts";

const LIMITS = { fileBytes: 500, files: 3 };
const LONGEST_FRAME = 200;

/** Blocks of whole frames, as the runner pushes them. */
const blocks = fc.array(fc.array(fc.integer({ min: 0, max: LONGEST_FRAME - 10 }), { minLength: 1, maxLength: 5 }), {
  minLength: 1,
  maxLength: 30,
});

let count = 0;
const blockOf = (lengths: readonly number[]): Buffer =>
  Buffer.from(lengths.map((length) => `${++count}|${"é".repeat(length / 2)}\n`).join(""));

async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "transcript folder "));
  try {
    await work(`${folder}/`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function write(writer: FrameWriter, block: Buffer): Promise<void> {
  writer.push(block);
  await writer.flushed();
  expect(writer.failure).toBeNull();
}

function read(shell: readonly string[], path: string, folder: string, from: number): { offset: number; bytes: Buffer } {
  const [, ...words] = transcriptReader(folder, from);
  const [program = "", ...options] = shell;
  const printed = execFileSync(program, [...options, ...words], {
    env: { PATH: path },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const end = printed.indexOf(10);
  return { offset: Number(printed.subarray(0, end)), bytes: printed.subarray(end + 1) };
}

const sizeOf = (folder: string): number =>
  readdirSync(folder).reduce((sum, file) => sum + statSync(join(folder, file)).size, 0);

describe.each(shRunners)("the transcript folder, read under $name", ({ shell, programs }) => {
  it("gives what is kept from any offset on, and never holds more than its bound", async () => {
    await inFolder(async (bin) => {
      for (const name of ["cat", "tail"]) symlinkSync(programs[name] ?? "", join(bin, name));
      await fc.assert(
        fc.asyncProperty(blocks, fc.array(fc.nat(6000), { maxLength: 3 }), async (lengths, places) => {
          await inFolder(async (folder) => {
            const writer = openTranscriptFolder(folder, LIMITS);
            let all = Buffer.alloc(0);
            let largest = 0;
            for (const block of lengths.map(blockOf)) {
              await write(writer, block);
              all = Buffer.concat([all, block]);
              largest = Math.max(largest, block.length);
              expect(sizeOf(folder)).toBeLessThan(LIMITS.files * (LIMITS.fileBytes + largest));
            }
            const whole = read(shell, bin, folder, 0);
            const oldest = whole.offset - FIRST_OFFSET;
            expect(whole.bytes.equals(all.subarray(oldest))).toBe(true);
            expect(whole.bytes.length).toBeGreaterThanOrEqual(Math.min(all.length, 2 * LIMITS.fileBytes));
            // Nothing begins in the middle of a frame.
            expect(oldest === 0 || all[oldest - 1] === 10).toBe(true);
            for (const place of places.map((at) => Math.min(at, all.length))) {
              const part = read(shell, bin, folder, FIRST_OFFSET + place);
              expect(part.offset - FIRST_OFFSET).toBe(Math.max(place, oldest));
              expect(part.bytes.equals(all.subarray(Math.max(place, oldest)))).toBe(true);
            }
          });
        }),
        { numRuns: 15 },
      );
    });
  });
});

describe("the transcript folder", () => {
  it("turns only where a frame ends, also when the disk takes a part of a buffer", async () => {
    await inFolder(async (folder) => {
      const writer = openTranscriptFolder(folder, LIMITS);
      await write(writer, Buffer.from(`1|${"x".repeat(600)}`));
      await write(writer, Buffer.from("yz\n"));
      await write(writer, Buffer.from("2|next\n"));
      expect(readdirSync(folder).map(Number)).toEqual([FIRST_OFFSET, FIRST_OFFSET + 605]);
    });
  });

  it("gives up when its next file cannot be made, and says why", async () => {
    await inFolder(async (folder) => {
      const writer = openTranscriptFolder(folder, LIMITS);
      await write(writer, Buffer.from(`1|${"x".repeat(600)}\n`));
      mkdirSync(join(folder, String(FIRST_OFFSET + 603)));
      writer.push(Buffer.from("2|next\n"));
      await writer.flushed();
      expect(writer.failure).toMatchObject({ code: "EISDIR" });
    });
  });
});
