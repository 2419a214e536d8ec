import { mkdir, mkdtemp, readdir, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { oldTranscripts, sweepTranscripts } from "../../../../src/run/tell/page/sweep.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sweep-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const MONTH_MS = 30 * 86_400_000;
const NOW = Date.parse("2026-11-22T12:00:00Z");

async function aged(name: string, ms: number): Promise<void> {
  const file = join(folder, name);
  await writeFile(file, "");
  await utimes(file, (NOW - ms) / 1000, (NOW - ms) / 1000);
}

test("removes transcripts that nobody added to for thirty days, and nothing else", async () => {
  await aged("old.jsonl", MONTH_MS + 1000);
  await aged("young.jsonl", MONTH_MS - 1000);
  await aged("old.txt", 2 * MONTH_MS);
  await mkdir(join(folder, "folder.jsonl"));
  await utimes(join(folder, "folder.jsonl"), 0, 0);
  expect(await oldTranscripts(folder, NOW)).toEqual(["old.jsonl"]);
  await sweepTranscripts(folder, NOW);
  expect((await readdir(folder)).sort()).toEqual(["folder.jsonl", "old.txt", "young.jsonl"]);
});

test("touches nothing behind a link in its place", async () => {
  await aged("old.jsonl", MONTH_MS + 1000);
  const link = `${folder}-link`;
  await symlink(folder, link);
  await sweepTranscripts(link, NOW);
  await rm(link);
  expect(await readdir(folder)).toEqual(["old.jsonl"]);
});

test("does not mind that there is no such folder", async () => {
  await expect(sweepTranscripts(join(folder, "none"), NOW)).resolves.toBeUndefined();
});
