import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { GuardedFolder } from "../../src/files/guarded-folder.ts";

const root = mkdtempSync(join(tmpdir(), "guarded-folder-"));
let home: string;
let elsewhere: string;
let count = 0;
beforeEach(() => {
  home = join(root, `home-${++count}`);
  elsewhere = join(root, `elsewhere-${count}`);
  for (const folder of [home, elsewhere]) mkdirSync(folder);
});
afterAll(() => rmSync(root, { recursive: true }));

const FILE = { maxBytes: 1000, mode: 0o600 };

describe("a guarded folder", () => {
  it("makes what is missing, with just that mode, and leaves the mode of what is there", async () => {
    mkdirSync(join(home, "a"), { mode: 0o750 });
    chmodSync(join(home, "a"), 0o750);
    await using folder = await GuardedFolder.open(home);
    await using made = await folder.makeAll(["a", "b", "c"], { mode: 0o711 });
    expect(made.path).toBe(join(home, "a/b/c"));
    const mode = (name: string) => statSync(join(home, name)).mode & 0o777;
    expect([mode("a"), mode("a/b"), mode("a/b/c")]).toEqual([0o750, 0o711, 0o711]);
    chmodSync(join(home, "a"), 0o700);
    await using a = await folder.enter("a");
    await a?.letPass();
    expect(mode("a")).toBe(0o711);
  });

  it("makes and opens nothing through a link, wherever that lies on the way", async () => {
    symlinkSync(elsewhere, join(home, "link"));
    symlinkSync("/nowhere", join(home, "lost"));
    writeFileSync(join(home, "file"), "");
    await using folder = await GuardedFolder.open(home);
    for (const [name, code] of [
      ["link", "LINK"],
      ["lost", "LINK"],
      ["file", "NOT_FOLDER"],
    ] as const) {
      await expect(folder.makeAll([name, "x"], { mode: 0o700 }), name).rejects.toMatchObject({
        code,
        path: join(home, name),
      });
      await expect(folder.enterAll([name, "x"]), name).rejects.toMatchObject({ code });
    }
    expect(readdirSync(elsewhere)).toEqual([]);
    expect(await folder.enterAll(["none", "x"])).toBeNull();
  });

  it("stays in the folder that it opened, though a link takes its place", async () => {
    await using folder = await GuardedFolder.open(home);
    await using inner = await folder.make("inner", { mode: 0o700 });
    renameSync(join(home, "inner"), join(home, "moved"));
    symlinkSync(elsewhere, join(home, "inner"));
    await using _ = await inner.make("made", { mode: 0o700 });
    expect(readdirSync(elsewhere)).toEqual([]);
    expect(readdirSync(join(home, "moved"))).toEqual(["made"]);
  });

  it("has no entry whose name leads elsewhere", async () => {
    await using folder = await GuardedFolder.open(home);
    for (const name of ["", ".", "..", "a/b", "../x"]) expect(() => folder.at(name), name).toThrow(/is no name/);
  });

  it("copies a plain file whole, once, and what is none or too long not at all", async () => {
    writeFileSync(join(home, "a"), "x".repeat(1000));
    writeFileSync(join(home, "long"), "");
    truncateSync(join(home, "long"), 1001);
    writeFileSync(join(elsewhere, "secret"), "secret");
    symlinkSync(join(elsewhere, "secret"), join(home, "link"));
    execFileSync("mkfifo", [join(home, "pipe")]);
    await using from = await GuardedFolder.open(home);
    await using to = await from.make("to", { mode: 0o700 });
    expect(await from.copy("a", to, FILE)).toBe(true);
    expect(readFileSync(join(home, "to/a"), "utf8")).toBe("x".repeat(1000));
    expect(statSync(join(home, "to/a")).mode & 0o777).toBe(0o600);
    for (const name of ["long", "link", "pipe", "none", "to"])
      expect(await from.copy(name, to, FILE), name).toBe(false);
    expect(readdirSync(join(home, "to"))).toEqual(["a"]);
    // What is in place stays, a link as well: nothing is written behind it.
    writeFileSync(join(home, "to/b"), "newer");
    writeFileSync(join(home, "b"), "older");
    symlinkSync(join(elsewhere, "made"), join(home, "to/c"));
    writeFileSync(join(home, "c"), "c");
    expect(await from.copy("b", to, FILE)).toBe(false);
    expect(await from.copy("c", to, FILE)).toBe(false);
    expect(readFileSync(join(home, "to/b"), "utf8")).toBe("newer");
    expect(existsSync(join(elsewhere, "made"))).toBe(false);
  });

  it("copies many chunks byte for byte", async () => {
    const bytes = Buffer.alloc(3_000_001, "abcdefg");
    writeFileSync(join(home, "a"), bytes);
    await using from = await GuardedFolder.open(home);
    await using to = await from.make("to", { mode: 0o700 });
    await from.copy("a", to, { ...FILE, maxBytes: bytes.length });
    expect(readFileSync(join(home, "to/a")).equals(bytes)).toBe(true);
  });

  it("names and removes its entries, no more than asked for", async () => {
    for (const name of ["a", "b", "c"]) writeFileSync(join(home, name), "");
    symlinkSync(elsewhere, join(home, "d"));
    await using folder = await GuardedFolder.open(home);
    expect(await folder.names(2)).toHaveLength(2);
    expect((await folder.names(10)).toSorted()).toEqual(["a", "b", "c", "d"]);
    expect((await folder.find("d"))?.isSymbolicLink()).toBe(true);
    expect(await folder.find("none")).toBeNull();
    await folder.remove("d");
    expect(existsSync(elsewhere)).toBe(true);
  });
});
