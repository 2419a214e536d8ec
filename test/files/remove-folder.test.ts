import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { GuardedFolder } from "../../src/files/guarded-folder.ts";
import { removeFolder } from "../../src/files/remove-folder.ts";

const root = mkdtempSync(join(tmpdir(), "remove-folder-"));
afterAll(() => rmSync(root, { recursive: true }));

describe("a folder that is removed", () => {
  it("goes with all that is in it: many files, read-only folders, and links, not what they lead to", async () => {
    const elsewhere = join(root, "elsewhere");
    const deep = join(root, "home/a/b/c");
    for (const folder of [elsewhere, deep, join(root, "home/many")]) mkdirSync(folder, { recursive: true });
    writeFileSync(join(elsewhere, "kept"), "");
    writeFileSync(join(deep, "file"), "");
    for (let index = 0; index < 2_500; index++) writeFileSync(join(root, "home/many", String(index)), "");
    symlinkSync(elsewhere, join(root, "home/link"));
    symlinkSync(join(root, "nowhere"), join(deep, "broken"));
    for (const folder of [deep, join(root, "home/a")]) chmodSync(folder, 0o555);
    await using parent = await GuardedFolder.open(root);
    expect(await removeFolder(parent, "home")).toBe(true);
    expect(readdirSync(root)).toEqual(["elsewhere"]);
    expect(readdirSync(elsewhere)).toEqual(["kept"]);
    expect(await removeFolder(parent, "home")).toBe(false);
  });

  it("stays where another volume is mounted in it, whose files stay too", async ({ skip }) => {
    const volume = join(root, "with/volume");
    mkdirSync(volume, { recursive: true });
    try {
      execFileSync("mount", ["-t", "tmpfs", "none", volume], { stdio: "ignore" });
    } catch {
      return skip("nothing may be mounted here");
    }
    try {
      writeFileSync(join(volume, "kept"), "");
      await using parent = await GuardedFolder.open(root);
      await expect(removeFolder(parent, "with")).rejects.toThrow("is another volume");
      expect(readdirSync(volume)).toEqual(["kept"]);
    } finally {
      execFileSync("umount", [volume]);
    }
    rmSync(join(root, "with"), { recursive: true });
  });

  it("stays where it is a link, or no folder", async () => {
    mkdirSync(join(root, "target"));
    symlinkSync(join(root, "target"), join(root, "link"));
    writeFileSync(join(root, "file"), "");
    await using parent = await GuardedFolder.open(root);
    await expect(removeFolder(parent, "link")).rejects.toThrow("is a link");
    await expect(removeFolder(parent, "file")).rejects.toThrow("is no folder");
    expect(readdirSync(root)).toEqual(expect.arrayContaining(["file", "link", "target"]));
  });
});
