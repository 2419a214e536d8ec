/** What is read of Paperclip's home, which agents could write while they shared it. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readHomeOnDisk } from "../../../src/run/plan/home/on-disk.ts";

const NOW = 1_000_000_000_000;
const HOUR = 3_600_000;
let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "home-on-disk-"));
});
afterEach(() => rmSync(home, { recursive: true }));

const read = (workspace: string | null = null, env: NodeJS.ProcessEnv = {}) =>
  readHomeOnDisk({ env, home, workspace, tenant: { companyId: "c", agentId: "a" }, now: NOW });

function put(path: string, content: string): void {
  mkdirSync(dirname(join(home, path)), { recursive: true });
  writeFileSync(join(home, path), content);
}

const login = (expiresAt: unknown, accessToken: unknown = "token"): string =>
  JSON.stringify({ claudeAiOauth: { accessToken, refreshToken: "rotates", expiresAt } });

describe("Paperclip's home on disk", () => {
  it("has the repository that a worktree names, absolute or relative, and none where there is no such file", async () => {
    put("wt/.git", `gitdir: ${home}/repo/.git/worktrees/wt\n`);
    expect((await read(join(home, "wt"))).repository).toBe(join(home, "repo/.git/worktrees/wt"));
    put("repo/inner/.git", "gitdir: ../.git/worktrees/inner\n");
    expect((await read(join(home, "repo/inner"))).repository).toBe(join(home, "repo/.git/worktrees/inner"));
    put("plain/.git/HEAD", "ref: x");
    put("huge/.git", `gitdir: ${"x".repeat(10_000)}`);
    symlinkSync("/etc/hostname", join(home, "plain/link"));
    for (const workspace of ["plain", "huge", "none"])
      expect((await read(join(home, workspace))).repository, workspace).toBeNull();
    expect((await read("/etc")).repository).toBeNull();
  });

  it("misses a folder only where it sees that there is none", async () => {
    put("here/file", "");
    const missing = async (path: string) => (await read(path)).isWorkspaceMissing;
    expect(await missing(join(home, "here"))).toBe(false);
    expect(await missing(join(home, "gone"))).toBe(true);
    expect(await missing(join(home, "here/file"))).toBe(true);
    expect(await missing("/etc/no-such-folder")).toBe(false);
    const elsewhere = { env: {}, home: "/nowhere", workspace: "/nowhere/x", now: NOW };
    const seen = await readHomeOnDisk({ ...elsewhere, tenant: { companyId: "c", agentId: "a" } });
    expect(seen.isWorkspaceMissing).toBe(false);
  });

  it("follows no link to what a worktree names", async () => {
    put("secret", "gitdir: /secret");
    mkdirSync(join(home, "wt"));
    symlinkSync(join(home, "secret"), join(home, "wt/.git"));
    expect((await read(join(home, "wt"))).repository).toBeNull();
  });

  it("names the instance as Paperclip's environment does", async () => {
    expect((await read()).instance).toBe("default");
    expect((await read(null, { PAPERCLIP_INSTANCE_ID: "second" })).instance).toBe("second");
  });

  it("has a login with its end, unless the agent has one of its own", async () => {
    const file = join(home, ".claude/.credentials.json");
    expect((await read()).login).toEqual({ kind: "none" });
    put(".claude/.credentials.json", login(NOW + HOUR));
    expect((await read()).login).toEqual({ kind: "valid", file, accessToken: "token", until: NOW + HOUR });
    put(".claude/.credentials.json", login(NOW + 5 * 60_000));
    expect((await read()).login).toEqual({ kind: "expired", file });
    for (const odd of ["{", "[]", "null", login("soon"), login(NOW + HOUR, { a: 1 })]) {
      put(".claude/.credentials.json", odd);
      expect((await read()).login, odd).toEqual({ kind: "none" });
    }
    put(".claude/.credentials.json", login(NOW + HOUR));
    put("claude_k8s/homes/c/a/.claude/.credentials.json", login(NOW - HOUR, "own"));
    expect((await read()).login).toEqual({ kind: "none" });
  });

  it("takes no login from behind a link", async () => {
    put("elsewhere.json", login(NOW + HOUR));
    mkdirSync(join(home, ".claude"));
    symlinkSync(join(home, "elsewhere.json"), join(home, ".claude/.credentials.json"));
    expect((await read()).login).toEqual({ kind: "none" });
  });
});
