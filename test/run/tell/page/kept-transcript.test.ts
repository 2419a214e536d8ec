import { mkdir, mkdtemp, open, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { systemClock } from "../../../../src/kubernetes/clock.ts";
import { type KeepOptions, KeptTranscript } from "../../../../src/run/tell/page/kept-transcript.ts";
import { cases } from "../../../support/thoroughness.ts";

let folder = "";
let files = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kept-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function keep(options: Partial<KeepOptions> = {}) {
  const file = join(folder, `of-${++files}`, "transcripts", "run.jsonl");
  const faults: string[] = [];
  const kept = new KeptTranscript({
    file,
    onFault: ({ message }) => faults.push(message),
    maxBytes: 1 << 30,
    clock: systemClock,
    ...options,
  });
  return { kept, file: options.file ?? file, faults };
}

test("the file holds what was pushed, byte for byte, with or without a last newline", async () => {
  const line = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes.filter((byte) => byte !== 0x0a)));
  const blocks = fc.array(fc.array(line, { minLength: 1, maxLength: 5 }), { maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(blocks, fc.boolean(), async (all, lastNewline) => {
      const { kept, file, faults } = keep();
      const reused = Buffer.alloc(2000);
      for (const lines of all) {
        const block = Buffer.concat(lines.flatMap((bytes) => [bytes, Buffer.from("\n")]));
        block.copy(reused);
        kept.push(reused.subarray(0, block.length));
        // As the follower does: the bytes are valid during the call only.
        reused.fill(0);
      }
      expect(await kept.close(lastNewline)).toBe(true);
      const whole = Buffer.concat(all.flat().flatMap((bytes) => [bytes, Buffer.from("\n")]));
      const expected = lastNewline || whole.length === 0 ? whole : whole.subarray(0, -1);
      expect((await readFile(file)).equals(expected)).toBe(true);
      expect(faults).toEqual([]);
    }),
    { numRuns: cases(100) },
  );
});

test("only the owner may read the file and enter its folder, whatever was there before", async () => {
  const { kept, file } = keep();
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await writeFile(file, "from an earlier process", { mode: 0o644 });
  kept.push(Buffer.from("new\n"));
  expect(await kept.close(true)).toBe(true);
  expect(await readFile(file, "utf8")).toBe("new\n");
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  const fresh = keep();
  expect(await fresh.kept.close(true)).toBe(true);
  expect((await stat(dirname(fresh.file))).mode & 0o777).toBe(0o700);
});

test("a disk that is slower than the agent asks it to wait, and what waits is bounded", async () => {
  const { kept, file } = keep({ memoryBytes: 10_000 });
  const line = Buffer.from(`${"x".repeat(999)}\n`);
  let waited = 0;
  for (let at = 0; at < 2000; at++) {
    kept.push(line);
    if (!kept.overfull) continue;
    waited++;
    await kept.room();
    expect(kept.overfull).toBe(false);
  }
  expect(waited).toBeGreaterThan(10);
  await kept.close(true);
  expect((await stat(file)).size).toBe(2_000_000);
});

describe("a disk that fails is told once, and waited for no more", () => {
  const say = (kept: KeptTranscript): void => {
    for (let at = 0; at < 50; at++) kept.push(Buffer.from(`${at}\n`));
  };

  test("because there is a file where the folder should be", async () => {
    const blocked = join(folder, "blocked");
    await writeFile(blocked, "");
    const { kept, faults } = keep({ file: join(blocked, "transcripts", "run.jsonl") });
    say(kept);
    expect(await kept.close(true)).toBe(false);
    expect(faults).toEqual([expect.stringContaining("ENOTDIR")]);
  });

  test.skipIf(process.platform !== "linux")("because it is full", async () => {
    const { kept, faults } = keep({ memoryBytes: 10, create: () => open("/dev/full", "w") });
    say(kept);
    await kept.room();
    say(kept);
    expect(kept.overfull).toBe(false);
    expect(await kept.close(true)).toBe(false);
    expect(faults).toEqual([expect.stringContaining("ENOSPC")]);
  });

  test("because it does not answer; what it answers later is let go", async () => {
    const late = Promise.withResolvers<Awaited<ReturnType<typeof open>>>();
    const { kept, faults } = keep({ create: () => late.promise, limitMs: 2 });
    say(kept);
    expect(await kept.close(true)).toBe(false);
    expect(faults).toEqual(["the disk does not answer"]);
    const handle = await open(join(folder, "late"), "w");
    late.resolve(handle);
    await expect.poll(() => handle.fd).toBe(-1);
  });
});

describe("what an agent may fill of Paperclip's disk is bounded", () => {
  const line = Buffer.from(`${"x".repeat(99)}\n`);

  test("by the size of the file, which holds whole lines", async () => {
    const { kept, file, faults } = keep({ maxBytes: 1000 });
    for (let at = 0; at < 30; at++) kept.push(line);
    expect(await kept.close(true)).toBe(false);
    expect(faults).toEqual(["it holds no more than 1000 bytes (limits.transcriptBytes of the operator's policy)"]);
    expect((await readFile(file, "utf8")).split("\n").every((text) => text === "" || text.length === 99)).toBe(true);
    expect((await stat(file)).size).toBeLessThanOrEqual(1000);
  });

  test("by what the disk has free, which is asked before it is written to", async () => {
    const asked: number[] = [];
    const free = [1 << 20, 50];
    const { kept, faults } = keep({
      freeBytes: () => {
        asked.push(free[0] ?? 0);
        return Promise.resolve(free.shift() ?? 0);
      },
    });
    const block = Buffer.alloc(1 << 20, line);
    kept.push(block);
    await kept.room();
    await expect.poll(() => asked).toHaveLength(1);
    kept.push(block);
    expect(await kept.close(true)).toBe(false);
    expect(faults).toEqual(["the disk is nearly full"]);
    expect(asked).toEqual([1 << 20, 50]);
  });

  test("and no folder that was replaced by a link is written to", async () => {
    const { kept, file, faults } = keep();
    const elsewhere = join(folder, "elsewhere");
    await mkdir(elsewhere);
    await mkdir(dirname(dirname(file)), { recursive: true });
    await symlink(elsewhere, dirname(file));
    kept.push(line);
    expect(await kept.close(true)).toBe(false);
    expect(faults).toEqual(["its folder is a link"]);
    expect(await readdir(elsewhere)).toEqual([]);
  });
});
