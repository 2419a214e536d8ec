import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ContainerLog } from "../../src/node/logs/container-log.ts";
import { type ReadOptions, readLog } from "../../src/node/logs/read.ts";
import { rotate } from "../../src/node/logs/rotation.ts";

let directory: string;
let log: ContainerLog;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "devcluster-log-"));
  log = new ContainerLog(directory, Date.now);
});
afterEach(() => {
  log.close();
  rmSync(directory, { recursive: true });
});

const never = new AbortController().signal;
const write = (text: string): void => log.write("stdout", Buffer.from(text));
const open = (options: Partial<ReadOptions> = {}, signal = never) =>
  readLog(log, { follow: false, timestamps: false, followEnd: 10, ...options }, signal);

async function all(options: Partial<ReadOptions> = {}): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of open(options)) parts.push(part);
  return Buffer.concat(parts).toString();
}

/** Reads on until the text is complete. */
async function next(stream: AsyncGenerator<Buffer>, text: string): Promise<void> {
  let got = "";
  while (got.length < text.length) {
    const { value, done } = await stream.next();
    if (done) throw new Error(`the stream ended after ${JSON.stringify(got)}`);
    got += (value as Buffer).toString();
  }
  expect(got).toBe(text);
}

describe("reading a container's log", () => {
  test("a read without follow is what is there now", async () => {
    write("one\ntwo\nunfin");
    expect(await all()).toBe("one\ntwo\n");
    log.end();
    expect(await all()).toBe("one\ntwo\nunfin");
  });

  test("a follower gets what is there, what comes, and the end", async () => {
    write("one\n");
    const stream = open({ follow: true });
    await next(stream, "one\n");
    write("two\n");
    log.write("stderr", Buffer.from("three\n"));
    await next(stream, "two\nthree\n");
    write("last");
    log.end();
    await next(stream, "last");
    expect((await stream.next()).done).toBe(true);
  });

  test("a follow ends a given time after the container", async () => {
    log.end();
    const before = performance.now();
    expect(await all({ follow: true, followEnd: 150 })).toBe("");
    expect(performance.now() - before).toBeGreaterThan(100);
  });

  test("an abort ends a waiting follower", async () => {
    const abort = new AbortController();
    const stream = open({ follow: true }, abort.signal);
    const ending = stream.next();
    abort.abort();
    expect((await ending).done).toBe(true);
  });

  test("tailLines counts entries, not lines", async () => {
    write(`first\n${"x".repeat(40_000)}\n`);
    expect(await all({ tailLines: 0 })).toBe("");
    expect(await all({ tailLines: 1 })).toBe(`${"x".repeat(40_000 - 2 * 16_384)}\n`);
    expect((await all({ tailLines: 4 })).startsWith("first\n")).toBe(true);
    expect((await all({ tailLines: 99 })).startsWith("first\n")).toBe(true);
  });

  test("the last of many lines are found across blocks", async () => {
    const lines = Array.from({ length: 20_000 }, (_, index) => `line ${index} ${"y".repeat(index % 90)}\n`);
    write(lines.join(""));
    for (const tailLines of [1, 1999, 9000]) expect(await all({ tailLines })).toBe(lines.slice(-tailLines).join(""));
  });

  test("limitBytes counts the stamps and cuts anywhere", async () => {
    write("hello world\nmore\n");
    const text = await all({ timestamps: true, limitBytes: 36 });
    expect(text).toMatch(/^\S{30} hello$/);
    expect(await all({ limitBytes: 14, follow: true })).toBe("hello world\nmo");
  });

  test("a future sinceTime withholds every line", async () => {
    write("hidden\n");
    expect(await all({ since: Math.floor(Date.now() / 1000) + 60 })).toBe("");
  });

  test("a slow reader holds one block, however much is written", async () => {
    const line = `${"z".repeat(4000)}\n`;
    const stream = open({ follow: true });
    write(line.repeat(1000));
    const { value } = await stream.next();
    expect((value as Buffer).length).toBeLessThanOrEqual(256 * 1024);
    let read = (value as Buffer).length;
    log.end();
    for await (const part of stream) read += part.length;
    expect(read).toBe(line.length * 1000);
  });
});

describe("rotation", () => {
  test("a follower goes on with the new file; a new reader knows only that", async () => {
    const stream = open({ follow: true });
    write("old\n");
    await next(stream, "old\n");
    await rotate(log, 5);
    write("new\n");
    await next(stream, "new\n");
    await stream.return(undefined);
    expect(await all()).toBe("new\n");
  });

  test("a follower that is behind when the container ends after a rotation ends early, and cleanly", async () => {
    const stream = open({ follow: true });
    write("old\n");
    await next(stream, "old\n");
    await rotate(log, 5);
    write("lost to the follower\n");
    log.end();
    expect((await stream.next()).done).toBe(true);
    expect(await all()).toBe("lost to the follower\n");
  });

  test("two rotations in one stall lose the file between", async () => {
    const stream = open({ follow: true });
    write("one\n");
    await next(stream, "one\n");
    await rotate(log, 5);
    write("two\n");
    await rotate(log, 5);
    write("three\n");
    await next(stream, "three\n");
    await stream.return(undefined);
  });

  test("five files at most; the newest rotated one is plain, the others are compressed", async () => {
    for (let i = 0; i < 8; i++) {
      write(`file ${i}\n`);
      await rotate(log, 5);
    }
    const files = readdirSync(directory).sort();
    expect(files).toHaveLength(5);
    expect(files[0]).toBe("0.log");
    expect(files.map((name) => name.endsWith(".gz"))).toEqual([false, true, true, true, false]);
    const oldest = gunzipSync(readFileSync(join(directory, files[1] ?? ""))).toString();
    expect(oldest).toMatch(/stdout F file 4\n$/);
  });

  test("rotations that overlap do not get into each other's way", async () => {
    const rotations = Array.from({ length: 6 }, (_, index) => {
      write(`file ${index} ${"x".repeat(50_000)}\n`);
      return rotate(log, 5);
    });
    await Promise.all(rotations);
    const files = readdirSync(directory).sort();
    expect(files.map((name) => name.endsWith(".gz"))).toEqual([false, true, true, true, false]);
    const contents = files.slice(1, -1).map((name) => gunzipSync(readFileSync(join(directory, name))).toString());
    expect(contents.map((text) => /file \d/.exec(text)?.[0])).toEqual(["file 2", "file 3", "file 4"]);
  });

  test("a pod that is deleted while its log is rotated is no error", async () => {
    write("one\n");
    await rotate(log, 5);
    write("two\n");
    const rotating = rotate(log, 5);
    rmSync(directory, { recursive: true });
    await rotating;
    mkdirSync(directory);
  });
});
