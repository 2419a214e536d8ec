import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, realpath, rename, rm, stat, symlink, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  openGuarded,
  readGuarded,
  readGuardedText,
  realFolderOf,
  removeGuarded,
} from "../../src/files/guarded-file.ts";

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), "guarded-")));
  path = join(folder, "file");
});
afterEach(() => rm(folder, { recursive: true }));

const mkfifo = (at: string) => promisify(execFile)("mkfifo", [at]);
const openFiles = async () => (await readdir("/proc/self/fd")).length;

describe("a file that others named", () => {
  it("is read whole when it is one", async () => {
    await writeFile(path, "é".repeat(100_000), { mode: 0o755 });
    expect(await readGuardedText(path, { maxBytes: 200_000, below: folder })).toBe("é".repeat(100_000));
    expect((await readGuarded(path, { maxBytes: 200_000 })).executable).toBe(true);
  });

  it("costs an error when it is too large, or is not there", async () => {
    await writeFile(path, "12345");
    await expect(readGuarded(path, { maxBytes: 4 })).rejects.toMatchObject({ code: "TOO_LARGE", path });
    await truncate(path, 8e12);
    await expect(readGuarded(path, { maxBytes: 1e6 })).rejects.toMatchObject({ code: "TOO_LARGE" });
    await expect(readGuarded(join(folder, "no"), { maxBytes: 4 })).rejects.toMatchObject({ code: "ENOENT" });
  });

  it("costs an error when it is a folder, a pipe or a device, however often: no thread waits for it", async () => {
    await mkfifo(path);
    for (let at = 0; at < 20; at++)
      await expect(readGuarded(path, { maxBytes: 4 })).rejects.toMatchObject({ code: "NOT_REGULAR" });
    await expect(openGuarded(path, {})).rejects.toMatchObject({ code: "NOT_REGULAR" });
    await expect(readGuarded("/dev/zero", { maxBytes: 4 })).rejects.toMatchObject({ code: "NOT_REGULAR" });
    await expect(readGuarded(folder, { maxBytes: 4 })).rejects.toMatchObject({ code: "EISDIR" });
  });

  it.skipIf(process.platform !== "linux")("leaves no descriptor open, refused or read", async () => {
    await mkfifo(path);
    await writeFile(join(folder, "plain"), "x");
    const before = await openFiles();
    for (let at = 0; at < 50; at++) {
      await readGuarded(path, { maxBytes: 4 }).catch(() => undefined);
      await readGuarded(folder, { maxBytes: 4 }).catch(() => undefined);
      await readGuarded(join(folder, "plain"), { maxBytes: 4, below: "/nowhere" }).catch(() => undefined);
      await readGuarded(join(folder, "plain"), { maxBytes: 4 });
    }
    expect(await openFiles()).toBe(before);
  });

  it.skipIf(process.platform !== "linux")("is read within its bound where it says that it is empty", async () => {
    expect((await readGuarded("/proc/self/status", { maxBytes: 100_000 })).bytes.length).toBeGreaterThan(100);
    await expect(readGuarded("/proc/self/status", { maxBytes: 100 })).rejects.toMatchObject({ code: "TOO_LARGE" });
  });

  it("may be a link within its folder, and none out of it", async () => {
    const inner = join(folder, "inner");
    await mkdir(inner);
    await writeFile(join(inner, "real"), "in");
    await writeFile(path, "out");
    await symlink("real", join(inner, "link"));
    await symlink(path, join(inner, "way-out"));
    const guard = { maxBytes: 10, below: inner };
    expect(await readGuardedText(join(inner, "link"), guard)).toBe("in");
    await expect(readGuarded(join(inner, "way-out"), guard)).rejects.toMatchObject({ code: "ELSEWHERE" });
    await expect(readGuarded(join(inner, "link"), { ...guard, links: false })).rejects.toMatchObject({ code: "ELOOP" });
    // A name that only begins like the folder's.
    await writeFile(`${inner}-too`, "out");
    await expect(readGuarded(`${inner}-too`, guard)).rejects.toMatchObject({ code: "ELSEWHERE" });
  });

  it("never has another's content, while a folder above it is swapped for a link again and again", async () => {
    const [mine, kept, other] = [join(folder, "mine"), join(folder, "kept"), join(folder, "other")];
    await mkdir(mine);
    await mkdir(other);
    await writeFile(join(mine, "file"), "mine");
    await writeFile(join(other, "file"), "other");
    let swapping = true;
    const swap = async (): Promise<void> => {
      while (swapping) {
        await rename(mine, kept);
        await symlink(other, mine);
        await rm(mine);
        await rename(kept, mine);
      }
    };
    const swapped = swap();
    const seen = new Set<string>();
    for (let at = 0; at < 500; at++) {
      const guard = { maxBytes: 10, below: mine };
      seen.add(await readGuardedText(join(mine, "file"), guard).catch(({ code }: NodeJS.ErrnoException) => `${code}`));
    }
    swapping = false;
    await swapped;
    expect([...seen].filter((what) => !["mine", "ENOENT", "ELSEWHERE"].includes(what))).toEqual([]);
    expect(await readGuardedText(join(mine, "file"), { maxBytes: 10, below: mine })).toBe("mine");
  });
});

describe("a file to be removed", () => {
  it("is, below a home whose own path has links", async () => {
    await mkdir(join(folder, "real/a/b"), { recursive: true });
    await symlink("real", join(folder, "home"));
    const home = join(folder, "home");
    await writeFile(join(home, "a/b/file"), "");
    expect(await realFolderOf(join(home, "a/b/file"), home)).toBe(join(folder, "real/a/b"));
    await removeGuarded(join(home, "a/b/file"), home);
    expect(await readdir(join(folder, "real/a/b"))).toEqual([]);
  });

  it("is not where a folder below the home was replaced by a link", async () => {
    await mkdir(join(folder, "a"));
    await mkdir(join(folder, "secrets"));
    await writeFile(join(folder, "secrets/master.key"), "");
    await symlink(join(folder, "secrets"), join(folder, "a/transcripts"));
    await expect(removeGuarded(join(folder, "a/transcripts/master.key"), folder)).rejects.toMatchObject({
      code: "ELSEWHERE",
    });
    expect((await stat(join(folder, "secrets/master.key"))).isFile()).toBe(true);
  });
});
