import { appendFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Transcript } from "../../../../src/run/follow/assemble/transcript.ts";
import { GapEnd } from "../../../../src/run/follow/refill/gap-end.ts";
import { TranscriptFile } from "../../../../src/run/follow/refill/transcript-file.ts";

let folder: string;
let path: string;
let transcript: Transcript;
let got: string;
const signal = new AbortController().signal;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "transcript-file-"));
  path = join(folder, "frames");
  got = "";
  const out = {
    lines: (_: string, lines: Buffer) => {
      got += lines;
    },
    notice: () => undefined,
    event: () => undefined,
  };
  transcript = new Transcript(out, 1 << 20);
});
afterEach(() => rm(folder, { recursive: true }));

const frames = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, at) => `${from + at}|line ${from + at} ${"x".repeat(100)}\n`).join("");
const linesOf = (from: number, to: number) => frames(from, to).replaceAll(/^\d+\|/gm, "");
const upTo = (line: number) => () => transcript.stdout.line > line;

test("gives what is missing, as often as something is", async () => {
  await writeFile(path, frames(1, 30_000));
  const file = new TranscriptFile(path);
  transcript.take(Buffer.from(frames(1, 10)), 0, "bare");
  expect(await file.offer(transcript, new GapEnd(), upTo(20), signal)).toBe("read");
  const reached = transcript.stdout.line - 1;
  expect(reached).toBeGreaterThanOrEqual(20);
  expect(reached).toBeLessThan(30_000);
  transcript.take(Buffer.from(frames(reached + 1, reached + 500)), 0, "bare");
  expect(await file.offer(transcript, new GapEnd(), upTo(29_999), signal)).toBe("read");
  await appendFile(path, frames(30_001, 30_010));
  await file.offer(transcript, new GapEnd(), upTo(30_010), signal);
  expect(got === linesOf(1, 30_010)).toBe(true);
});

test("a line that is still being written is not taken", async () => {
  await writeFile(path, `${frames(1, 3)}4|half of`);
  await new TranscriptFile(path).offer(transcript, new GapEnd(), upTo(9), signal);
  expect(got).toBe(linesOf(1, 3));
});

test("what lies before the file's own gap is told apart from what lies behind it", async () => {
  await writeFile(path, frames(1, 3) + frames(7, 9));
  const nearest = new GapEnd();
  await new TranscriptFile(path).offer(transcript, nearest, () => transcript.stdout.line > 9 || nearest.any, signal);
  expect(got).toBe(linesOf(1, 3));
  expect(nearest.stdout).toMatchObject({ line: 7 });
});

test("no file is no source", async () => {
  expect(await new TranscriptFile(path).offer(transcript, new GapEnd(), upTo(1), signal)).toBe("absent");
});
