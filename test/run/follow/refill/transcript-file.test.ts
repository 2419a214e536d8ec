import { execFile } from "node:child_process";
import { appendFile, mkdir, mkdtemp, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { LineBlock } from "../../../../src/run/follow/assemble/line-sink.ts";
import { Transcript } from "../../../../src/run/follow/assemble/transcript.ts";
import { Intake } from "../../../../src/run/follow/refill/intake.ts";
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
  const sink = {
    push: ({ bytes }: LineBlock) => {
      got += bytes;
    },
    notice: () => undefined,
  };
  transcript = new Transcript({ sink, onEvent: () => undefined }, 1 << 20);
});
afterEach(() => rm(folder, { recursive: true }));

const frames = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, at) => `${from + at}|line ${from + at} ${"x".repeat(100)}\n`).join("");
const linesOf = (from: number, to: number) => frames(from, to).replaceAll(/^\d+\|/gm, "");
const upTo = (line: number) => new Intake(transcript, () => transcript.stdout.line > line, signal);

test("gives what is missing, as often as something is", async () => {
  await writeFile(path, frames(1, 30_000));
  const file = new TranscriptFile(path);
  transcript.take(Buffer.from(frames(1, 10)), 0, "bare");
  expect(await file.refill(upTo(20))).toBe("read");
  const reached = transcript.stdout.line - 1;
  expect(reached).toBeGreaterThanOrEqual(20);
  expect(reached).toBeLessThan(30_000);
  transcript.take(Buffer.from(frames(reached + 1, reached + 500)), 0, "bare");
  expect(await file.refill(upTo(29_999))).toBe("read");
  await appendFile(path, frames(30_001, 30_010));
  await file.refill(upTo(30_010));
  expect(got === linesOf(1, 30_010)).toBe(true);
});

test("a line that is still being written is not taken", async () => {
  await writeFile(path, `${frames(1, 3)}4|half of`);
  await new TranscriptFile(path).refill(upTo(9));
  expect(got).toBe(linesOf(1, 3));
});

test("what lies before the file's own gap is told apart from what lies behind it", async () => {
  await writeFile(path, frames(1, 3) + frames(7, 9));
  const intake = upTo(9);
  await new TranscriptFile(path).refill(intake);
  expect(got).toBe(linesOf(1, 3));
  expect(intake.gapEnd.stdout).toMatchObject({ line: 7 });
});

test("no file is no source", async () => {
  expect(await new TranscriptFile(path).refill(upTo(1))).toBe("absent");
});

test("what pods put in its place is no source, and holds nobody up", async () => {
  const elsewhere = join(folder, "elsewhere");
  await writeFile(elsewhere, frames(1, 3));
  await symlink(elsewhere, path);
  expect(await new TranscriptFile(path).refill(upTo(1))).toBe("absent");
  await rm(path);
  await promisify(execFile)("mkfifo", [path]);
  for (let at = 0; at < 8; at++) expect(await new TranscriptFile(path).refill(upTo(1))).toBe("absent");
  expect(got).toBe("");
});

test("a hole of eight terabytes is read no further than a frame is long", async () => {
  await writeFile(path, frames(1, 3));
  await truncate(path, 8e12);
  expect(await new TranscriptFile(path).refill(upTo(9))).toBe("absent");
  expect(got).toBe(linesOf(1, 3));
});

test("a folder above it that was replaced by a link leads nowhere", async () => {
  const copies = join(folder, ".claude-k8s/transcripts");
  await mkdir(join(folder, ".claude-k8s"));
  await mkdir(join(folder, "secrets"));
  await writeFile(join(folder, "secrets/job"), frames(1, 3));
  await symlink(join(folder, "secrets"), copies);
  expect(await new TranscriptFile(join(copies, "job"), folder).refill(upTo(1))).toBe("absent");
  await rm(copies);
  await mkdir(copies);
  await writeFile(join(copies, "job"), frames(1, 3));
  expect(await new TranscriptFile(join(copies, "job"), folder).refill(upTo(1))).toBe("read");
});
