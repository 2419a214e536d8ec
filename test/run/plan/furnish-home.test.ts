/** What is made on Paperclip's volume before a Job. Links and sessions: test/cluster/private-home.test.ts. */
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { systemClock } from "../../../src/kubernetes/clock.ts";
import { furnishHome, type HomeRequest } from "../../../src/run/plan/home/furnish.ts";

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "furnish-home-"));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const request = (change: Partial<HomeRequest> = {}): HomeRequest => ({
  paperclipHome: home,
  privateHome: ["claude_k8s", "homes", "c", "a"],
  folders: [{ path: join(home, "instances/default/workspaces/a"), readOnly: false }],
  owner: { uid: 1234, gid: 2345 },
  session: null,
  ...change,
});

const look = (path: string) => {
  const { mode, uid, gid } = statSync(join(home, path));
  return { mode: (mode & 0o777).toString(8), uid, gid };
};

describe("a private home's folders", () => {
  it("are the agent's user's, and others pass on the way to them without seeing names", async () => {
    mkdirSync(join(home, "claude_k8s"), { mode: 0o700 });
    await furnishHome(request(), systemClock);
    const [uid, gid] = process.getuid?.() === 0 ? [1234, 2345] : [process.getuid?.(), process.getgid?.()];
    const own = { mode: "700", uid, gid };
    expect(look("claude_k8s/homes/c/a")).toEqual(own);
    expect(look("claude_k8s/homes/c/a/instances")).toEqual(own);
    expect(look("claude_k8s/homes/c/a/instances/default/workspaces/a")).toEqual(own);
    expect(look("instances/default/workspaces/a")).toEqual({ ...own, mode: "755" });
    for (const way of ["claude_k8s", "claude_k8s/homes", "claude_k8s/homes/c"]) expect(look(way).mode, way).toBe("711");
  });

  it("stay as they are when they are there", async () => {
    await furnishHome(request(), systemClock);
    writeFileSync(join(home, "claude_k8s/homes/c/a/file"), "kept");
    chmodSync(join(home, "claude_k8s/homes/c/a"), 0o750);
    await furnishHome(request(), systemClock);
    expect(look("claude_k8s/homes/c/a").mode).toBe("750");
    expect(existsSync(join(home, "claude_k8s/homes/c/a/file"))).toBe(true);
  });

  it("are named with what is in the way, and the fix", async () => {
    mkdirSync(join(home, "claude_k8s/homes"), { recursive: true });
    writeFileSync(join(home, "claude_k8s/homes/c"), "");
    await expect(furnishHome(request(), systemClock)).rejects.toMatchObject({
      fault: {
        code: "k8s_home_unusable",
        message: `The agent's home ${home}/claude_k8s/homes/c/a cannot be prepared: ${home}/claude_k8s/homes/c is no folder`,
        fix: expect.stringContaining("remove it"),
        fatal: true,
      },
    });
  });

  it("are the kubelet's to make where this process does not see the volume", async () => {
    const nowhere = join(home, "nowhere");
    await furnishHome(request({ paperclipHome: nowhere, folders: [] }), systemClock);
    expect(existsSync(nowhere)).toBe(false);
  });
});
