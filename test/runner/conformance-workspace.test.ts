import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { GitServer } from "../support/git-server.ts";
import { cases } from "../support/thoroughness.ts";
import { variant } from "../support/variant.ts";
import { checkoutOptions, checkoutRunners, freshFolder, shellRunners, startCheckout } from "./checkouts.ts";
import { sh } from "./pod.ts";
import { SeparatePod } from "./separate-pod.ts";

const GRACE_SEC = 10;

let server: GitServer;

beforeAll(async () => {
  server = await GitServer.start();
  server.commit("project", "main", { "README.md": "hello\n", "src/a": "1\n", "docs/deep/b": "2\n" }, "first");
  server.commit("part", "main", { "part.txt": "a part\n" });
  server.addLfsObject("lfs", "a large file\n");
});
afterAll(() => server.close());

const WORKS = sh(
  "cat >/dev/null; echo more >>README.md; echo new >'new file'; git checkout -q -b side; git commit -q --allow-empty -m side; git checkout -q main; git commit -q --allow-empty -m work; echo done",
);

describe.each(checkoutRunners)("a workspace under $name", (runner) => {
  it("is set up by the agent's own commands, whose lines are not the agent's", async () => {
    const setup = `pwd; cat README.md; echo '{"type":"result"}'; printf 'a\\rb\\n'; echo oops >&2; printf last; echo "$WORD" >made`;
    const env = { WORD: "kept", LC_ALL: "C.UTF-8" };
    const pod = startCheckout(runner, { repository: { url: server.url("project") }, setup, env });
    const end = await pod.ended();
    expect(end.stdout.toString()).not.toContain("result");
    const lines = end.stderr.toString().trimEnd().split("\n");
    const told = lines.filter((line) => line.startsWith("setup: ")).map((line) => line.slice("setup: ".length));
    const printed = [pod.workingDirectory, "hello", '{"type":"result"}', "b", "oops", "last"];
    expect(told).toEqual(["runs, for at most 60 s", ...printed]);
    expect(readFileSync(join(pod.workingDirectory, "made"), "utf8")).toBe("kept\n");
    // The end of stderr is what a failed agent said.
    if (runner.kind === "node") expect(end.seal.stderr?.tail).toBe("");
  });

  it("is given up at once by a stop at any moment of its setup's start", async () => {
    const end = async (): Promise<{ ms: number; ending: string }> => {
      const pod = startCheckout(runner, { setup: "exec sleep 300", command: sh("echo agent"), graceSec: GRACE_SEC });
      await pod.until(() => pod.seal !== null);
      await sleep(Math.random() * 40);
      const told = performance.now();
      pod.signal("SIGTERM");
      const { seal } = await pod.ended();
      return { ms: performance.now() - told, ending: seal.ending };
    };
    for (let round = 0; round < cases(60); round += 6)
      for (const { ms, ending } of await Promise.all(Array.from({ length: 6 }, end))) {
        expect(ending).toBe("terminated");
        // One that was lost ends with the grace.
        expect(ms).toBeLessThan(GRACE_SEC * 800);
      }
  }, 60_000);

  it("without a repository is set up too", async () => {
    const end = await startCheckout(runner, { setup: "echo here", command: sh("cat >/dev/null; echo agent") }).ended();
    expect(end).toMatchObject({ exitCode: 0, stdout: Buffer.from("agent\n") });
    expect(end.stderr.toString()).toContain("setup: here");
    expect(end.seal.workspace).toBeUndefined();
  });

  it.each([
    ["fails", "echo one; false; echo two", {}, "failed", /^exit code 1: one$/],
    ["takes too long", "echo one; sleep 60", { setupTimeoutSec: 1 }, "timeout", /^not done after 1 s: one$/],
    ["is no program", "no-such-program", {}, "failed", /^exit code 127: .*no-such-program/],
  ] as const)("is not the agent's where its setup %s", async (_, setup, repository, cause, words) => {
    const end = await startCheckout(runner, { repository, setup, command: sh("echo agent") }).ended();
    expect(end).toMatchObject({ exitCode: 125, stdout: Buffer.alloc(0) });
    expect(end.seal).toMatchObject({ ending: "not-started", notPrepared: { step: "setup", cause } });
    expect(end.seal.error).toMatch(words);
  });

  variant(
    "is told in part where its setup has much to say, and is not held up by what that leaves running",
    async () => {
      const setup = 'i=0; while [ "$i" -lt 3000 ]; do echo "line $i"; i=$((i+1)); done; sleep 100 &';
      const at = performance.now();
      const end = await startCheckout(runner, { setup, command: sh("cat >/dev/null; echo agent") }).ended();
      expect(performance.now() - at).toBeLessThan(20_000);
      expect(end.stdout.toString()).toBe("agent\n");
      const told = end.stderr.toString().split("\n");
      expect(told.length).toBeLessThan(1100);
      expect(told).toContain("setup: line 999");
    },
  );

  it("ends with SIGTERM during its setup", async () => {
    const pod = startCheckout(runner, { setup: "echo ready >ready; sleep 60", command: sh("echo agent") });
    await pod.until(() => existsSync(join(pod.workingDirectory, "ready")));
    pod.signal("SIGTERM");
    const end = await pod.ended();
    expect(end).toMatchObject({ exitCode: 143, stdout: Buffer.alloc(0) });
    expect(end.seal).toMatchObject({ ending: "terminated", exitCode: null, signal: null });
  });

  it("says what goes with the pod, and pushes it nowhere unless it is to", async () => {
    const name = server.copy("project");
    const end = await startCheckout(runner, { repository: { url: server.url(name) }, command: WORKS }).ended();
    expect(end.seal.workspace).toEqual({
      ...{ branch: "main", volatile: true, uncommitted: 2, unpushed: 2 },
      commit: expect.stringMatching(/^[0-9a-f]{40}$/),
    });
    expect(server.git(name, "for-each-ref", "--format=%(refname:short)")).toBe("main");
  });

  it("is pushed to branches of the run, uncommitted work and all", async () => {
    const name = server.copy("project");
    const repository = { url: server.url(name), rescue: "paperclip/run-1" };
    const pod = startCheckout(runner, { repository, command: WORKS });
    const end = await pod.ended();
    expect(end.seal.workspace).toMatchObject({ uncommitted: 2, unpushed: 2, savedAs: "paperclip/run-1" });
    const refs = server.git(name, "for-each-ref", "--format=%(refname:short)").split("\n");
    expect(refs).toEqual(["main", "paperclip/run-1", "paperclip/run-1-side"]);
    expect(server.git(name, "show", "paperclip/run-1:new file")).toBe("new");
    expect(server.git(name, "log", "--format=%s", "paperclip/run-1")).toMatch(/^What the agent.*\nwork\nfirst$/);
    // The agent's own clone is as it was.
    expect(readFileSync(join(pod.workingDirectory, ".git/HEAD"), "utf8")).toBe("ref: refs/heads/main\n");
  });

  it("says why its work could not be pushed", async () => {
    const name = server.copy("project");
    const repository = { url: server.url(name), rescue: "paperclip/run-1" };
    const script = "cat >/dev/null; echo x >x; echo ready; while [ ! -e go ]; do sleep 0.05; done; rm go";
    const pod = startCheckout(runner, { repository, command: sh(script) });
    await pod.prints("ready");
    server.login = { username: "a", password: "b" };
    writeFileSync(join(pod.workingDirectory, "go"), "");
    const end = await pod.ended();
    server.login = null;
    expect(end.seal).toMatchObject({ exitCode: 0, workspace: { uncommitted: 1 } });
    expect(end.seal.workspace?.notSaved).toContain("could not read Username");
  });

  it("says what is left of an agent that was stopped", async () => {
    const repository = { url: server.url(server.copy("project")), rescue: "paperclip/run-2" };
    const command = sh("cat >/dev/null; echo x >x; echo ready; while :; do sleep 0.05; done");
    const pod = startCheckout(runner, { repository, command });
    await pod.prints("ready");
    pod.signal("SIGTERM");
    const end = await pod.ended();
    expect(end.seal).toMatchObject({ ending: "terminated", workspace: { uncommitted: 1, savedAs: "paperclip/run-2" } });
  });

  variant("brings submodules, large files and only some folders, where it is to", async () => {
    const name = server.copy("project");
    server.addSubmodule(name, "lib/part", "part");
    const pointer = server.addLfsObject(name, "a large file\n");
    server.commit(name, "main", {
      ".gitattributes": "*.bin filter=lfs diff=lfs merge=lfs -text\n",
      "src/x.bin": pointer,
    });
    const sparse = { url: server.url(name), sparse: ["src", "lib"], submodules: true };
    const pod = startCheckout(runner, { repository: sparse });
    const end = await pod.ended();
    expect(end.seal).toMatchObject({ ending: "exit", workspace: { uncommitted: 0, unpushed: 0 } });
    const has = (path: string): boolean => existsSync(join(pod.workingDirectory, path));
    expect([has("README.md"), has("src/a"), has("docs")]).toEqual([true, true, false]);
    expect(readFileSync(join(pod.workingDirectory, "lib/part/part.txt"), "utf8")).toBe("a part\n");
    expect(readFileSync(join(pod.workingDirectory, "src/x.bin"), "utf8")).toBe("a large file\n");
    const without = startCheckout(runner, { repository: { url: server.url(name), lfs: false } });
    await without.ended();
    expect(readFileSync(join(without.workingDirectory, "src/x.bin"), "utf8")).toBe(pointer);
    expect(existsSync(join(without.workingDirectory, "lib/part/part.txt"))).toBe(false);
    const { "git-lfs": _, ...programs } = runner.programs;
    const poor = await startCheckout({ ...runner, programs }, { repository: { url: server.url(name) } }).ended();
    expect(poor.stderr.toString()).toContain("the image has no git-lfs");
    expect(poor.seal.ending).toBe("exit");
  });

  it("runs no hook and no watcher that an earlier run has left", async () => {
    const workingDirectory = join(freshFolder(), "work");
    const name = server.copy("project");
    const repository = { url: server.url(name), volatile: false };
    const hooks = "for hook in post-merge post-checkout reference-transaction; do";
    const script = `cat >/dev/null; mkdir .git/hooks; cd .git/hooks; ${hooks} printf '#!/bin/sh\\ntouch ../ran' >$hook; done; chmod +x *; git config core.fsmonitor 'touch ../ran;'`;
    await startCheckout(runner, { workingDirectory, repository, command: sh(script) }).ended();
    server.commit(name, "main", { more: "x" });
    const end = await startCheckout(runner, { workingDirectory, repository, command: sh("cat >/dev/null") }).ended();
    expect(end.stderr.toString()).toContain("on branch main, as origin has it");
    expect(existsSync(join(workingDirectory, "..", "ran"))).toBe(false);
    expect(existsSync(join(workingDirectory, "ran"))).toBe(false);
  });

  it("takes no submodule from a file, and runs no program that an address names", async () => {
    for (const url of [server.path("part"), "ext::sh -c 'touch $PWD/ran'"]) {
      const name = server.copy("project");
      server.addSubmodule(name, "part", "part");
      server.commit(name, "main", { ".gitmodules": `[submodule "part"]\n\tpath = part\n\turl = ${url}\n` });
      const repository = { url: server.url(name), submodules: true };
      const end = await startCheckout(runner, { repository }).ended();
      expect(end.seal).toMatchObject({ ending: "not-started", notPrepared: { step: "checkout", cause: "failed" } });
      expect(end.seal.error).toMatch(/transport '(file|ext)' not allowed/);
    }
  });
});

describe.each(checkoutRunners.slice(0, 1))("a workspace beside a recorder", (runner) => {
  it("is told and sealed by the recorder", async () => {
    const repository = { url: server.url("project") };
    const pods = new SeparatePod(runner, checkoutOptions({ repository, setup: "echo ready", command: WORKS }));
    const { recorder, agent } = await pods.ended();
    expect(agent.exitCode).toBe(0);
    expect(recorder.stdout.toString()).toBe("done\n");
    expect(recorder.stderr.toString()).toMatch(/^checkout: clones .*\n(.*\n)*setup: ready$/);
    expect(recorder.seal).toMatchObject({
      ending: "exit",
      workspace: { uncommitted: 2, unpushed: 2 },
      stderr: { tail: "" },
    });
    const failed = new SeparatePod(runner, checkoutOptions({ repository: { url: server.url("nowhere") } }));
    const { recorder: seen } = await failed.ended();
    expect(seen.seal).toMatchObject({ ending: "not-started", notPrepared: { cause: "repository-missing" } });
  });
});

describe.each(shellRunners)("the workspace's script under $name", (runner) => {
  it("brings, sets up and keeps a workspace, and says why it does not", async () => {
    const name = server.copy("project");
    const repository = { url: server.url(name), branch: "task", rescue: "paperclip/run-3" };
    const workingDirectory = join(freshFolder(), "it's a folder");
    const end = await startCheckout(runner, { repository, workingDirectory, setup: "echo x >x" }).ended();
    expect(end.seal.workspace).toMatchObject({ branch: "task", uncommitted: 1, savedAs: "paperclip/run-3" });
    const second = { ...repository, rescue: "paperclip/run-4" };
    const again = await startCheckout(runner, { repository: second, workingDirectory, setup: "false" }).ended();
    expect(again.seal).toMatchObject({ notPrepared: { step: "setup", cause: "failed" }, error: "exit code 1:" });
  });
});
