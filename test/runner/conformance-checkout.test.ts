import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { quote } from "../../src/runner/spec.ts";
import { GitServer } from "../support/git-server.ts";
import { variant } from "../support/variant.ts";
import { checkoutRunners, freshFolder, startCheckout } from "./checkouts.ts";
import { sh } from "./pod.ts";

let server: GitServer;
let first: string;

beforeAll(async () => {
  server = await GitServer.start();
  first = server.commit("project", "main", { "README.md": "hello\n", "src/a": "1\n", "docs/b": "2\n" }, "first");
  server.commit("project", "main", { "src/a": "2\n" }, "second");
  server.commit("project", "feature/x", { "src/x": "x\n" }, "on x");
  server.git("project", "tag", "v1", first);
  server.create("empty");
});
afterAll(() => server.close());

const git = (folder: string, ...words: string[]): string =>
  execFileSync("git", ["-C", folder, ...words], { stdio: ["ignore", "pipe", "pipe"] })
    .toString()
    .trim();

describe.each(checkoutRunners.slice(0, 1))("what a checkout begins from", (runner) => {
  it.each([
    ["a branch", { ref: "feature/x" }, "feature/x", "on x"],
    ["a branch of origin", { ref: "origin/feature/x" }, "feature/x", "on x"],
    ["a tag", { ref: "v1" }, "", "first"],
    ["a commit", () => ({ ref: first }), "", "first"],
    ["a branch that exists", { ref: "main", branch: "feature/x" }, "feature/x", "on x"],
    ["a branch that does not exist yet", { ref: "v1", branch: "task-1" }, "task-1", "first"],
    ["such a branch of the default one, of which one commit is fetched", { branch: "t", depth: 1 }, "t", "second"],
    ["a tag, of which one commit is fetched", { ref: "v1", depth: 1 }, "", "first"],
  ])("brings %s", async (_, wanted, branch, subject) => {
    const values = typeof wanted === "function" ? wanted() : wanted;
    const pod = startCheckout(runner, { repository: { url: server.url("project"), ...values } });
    const end = await pod.ended();
    expect(end.seal).toMatchObject({ ending: "exit", workspace: { branch, uncommitted: 0, unpushed: 0 } });
    expect(git(pod.workingDirectory, "log", "-1", "--format=%s")).toBe(subject);
    expect(git(pod.workingDirectory, "rev-parse", "--is-shallow-repository")).toBe(String("depth" in values));
  });

  it.each([
    ["is empty", "empty", {}, "repository-empty", "has no commit"],
    ["does not exist", "nowhere", {}, "repository-missing", "not found"],
    ["has no such branch", "project", { ref: "gone" }, "ref-missing", "no branch and no tag gone"],
    ["has no such commit", "project", { ref: "1".repeat(40) }, "ref-missing", "no commit 1111"],
    ["has no such commit at that depth", "project", { ref: "2".repeat(40), depth: 1 }, "ref-missing", "no commit 2222"],
  ] as const)("says that a repository %s, and starts nothing", async (_, name, wanted, cause, words) => {
    const pod = startCheckout(runner, { repository: { url: server.url(name), ...wanted } });
    const end = await pod.ended();
    expect(end).toMatchObject({ exitCode: 125, stdout: Buffer.alloc(0) });
    expect(end.seal).toMatchObject({ ending: "not-started", exitCode: null, notPrepared: { step: "checkout", cause } });
    expect(end.seal.error).toContain(words);
    expect(end.seal.workspace).toBeUndefined();
    expect(end.stderr.toString()).toContain(`checkout: ${end.seal.error}`);
  });
});

describe.each(checkoutRunners)("a checkout under $name", (runner) => {
  it("brings the default branch, and tells so beside the agent's lines", async () => {
    const pod = startCheckout(runner, { repository: { url: server.url("project") } });
    const end = await pod.ended();
    expect(end.stdout.toString()).toMatch(/^[0-9a-f]+ second\n[0-9a-f]+ first\n## main\.\.\.origin\/main\n/);
    expect(end.stderr.toString()).toMatch(
      /^checkout: clones http.*\ncheckout: [0-9a-f]{7,} is checked out on branch main/,
    );
    expect(end.seal).toMatchObject({
      ...{ ending: "exit", exitCode: 0 },
      workspace: { branch: "main", uncommitted: 0, unpushed: 0, volatile: true },
    });
    expect(readdirSync(pod.workingDirectory).sort()).toEqual([".git", "README.md", "docs", "src"]);
    expect(readdirSync(join(pod.folder, "tmp"))).toEqual([]);
  });

  it("asks for a login at each call, and says where it has none that counts", async () => {
    const name = server.copy("project");
    server.login = { username: "robot", password: "t0p-secret" };
    try {
      const none = await startCheckout(runner, { repository: { url: server.url(name) } }).ended();
      expect(none.seal.notPrepared).toEqual({ step: "checkout", cause: "login-required" });
      const folder = freshFolder();
      writeFileSync(join(folder, "username"), "robot\n");
      writeFileSync(join(folder, "password"), "t0p-secret");
      const pod = startCheckout(runner, {
        repository: { url: server.url(name), branch: "pushed" },
        credentials: { origin: server.origin, folder },
        command: sh(
          'cat >/dev/null; git commit -q --allow-empty -m work; echo ready; while [ ! -e go ]; do sleep 0.05; done; rm go; git push -q; echo "pushed $?"',
        ),
      });
      await pod.prints("ready");
      // The old one expires; the new one is there as the kubelet brings it.
      server.login = { username: "robot", password: "an0ther" };
      writeFileSync(join(folder, "password"), "an0ther\n");
      writeFileSync(join(pod.workingDirectory, "go"), "");
      const end = await pod.ended();
      expect(end.stdout.toString()).toContain("pushed 0");
      expect(server.git(name, "log", "-1", "--format=%s %an", "pushed")).toBe("work Ada");
      expect(end.seal.workspace).toMatchObject({ branch: "pushed", uncommitted: 0, unpushed: 0 });
      const told = [
        end.stderr.toString(),
        JSON.stringify(end.seal),
        readFileSync(join(pod.workingDirectory, ".git/config")),
      ];
      expect(told.join("\n")).not.toMatch(/t0p-secret|an0ther/);
    } finally {
      server.login = null;
    }
  });

  it("finds the clone of an earlier run as that left it, and what is new in the repository", async () => {
    const workingDirectory = join(freshFolder(), "work");
    const name = server.copy("project");
    const url = server.url(name);
    const work = sh("cat >/dev/null; echo mine >>src/a; echo new >new; git add src/a; git status --porcelain");
    const one = await startCheckout(runner, {
      workingDirectory,
      repository: { url, branch: "t1", volatile: false },
      command: work,
    }).ended();
    expect(one.seal.workspace).toMatchObject({ branch: "t1", uncommitted: 2, volatile: false });
    server.commit(name, "main", { later: `${runner.name}\n` });
    const two = startCheckout(runner, { workingDirectory, repository: { url, branch: "t1", volatile: false } });
    const end = await two.ended();
    expect(end.stderr.toString()).toContain("checkout: a clone is there, on branch t1; it is fetched");
    expect(end.stdout.toString()).toContain("M  src/a\n?? new\n");
    expect(readFileSync(join(workingDirectory, "src/a"), "utf8")).toMatch(/mine/);
    expect(git(workingDirectory, "show", "origin/main:later")).toBe(runner.name);
    // Another task's branch: not while there are changes.
    const other = { url, branch: "t2", volatile: false };
    const three = await startCheckout(runner, { workingDirectory, repository: other }).ended();
    expect(three.stderr.toString()).toContain("stays on t1");
    git(workingDirectory, "-c", "user.name=x", "-c", "user.email=x", "commit", "-qam", "done");
    const four = await startCheckout(runner, { workingDirectory, repository: other }).ended();
    expect(four.stderr.toString()).toContain("checkout: on branch t2 (");
    expect(four.seal.workspace).toMatchObject({ branch: "t2", unpushed: 1, uncommitted: 1 });
    expect(git(workingDirectory, "log", "-1", "--format=%s", "t1")).toBe("done");
  });

  it("moves a branch without work of its own forwards, and goes on where nothing can be fetched", async () => {
    const workingDirectory = join(freshFolder(), "work");
    const name = server.copy("project");
    const repository = { url: server.url(name), volatile: false };
    await startCheckout(runner, { workingDirectory, repository }).ended();
    const newest = server.commit(name, "main", { ahead: `${runner.name}\n` });
    await startCheckout(runner, { workingDirectory, repository }).ended();
    expect(git(workingDirectory, "rev-parse", "HEAD")).toBe(newest);
    server.login = { username: "a", password: "b" };
    const end = await startCheckout(runner, { workingDirectory, repository }).ended();
    server.login = null;
    expect(end.seal.ending).toBe("exit");
    expect(end.stderr.toString()).toMatch(
      /could not be fetched \(login-required\), the agent works with what is there/,
    );
  });

  it("makes anew what an earlier run did not finish, and finishes what it had only to move", async () => {
    const workingDirectory = join(freshFolder(), "work");
    const aside = join(workingDirectory, ".claude-k8s-checkout");
    mkdirSync(join(aside, "tree", ".git"), { recursive: true });
    writeFileSync(join(aside, "tree", "half"), "");
    const repository = { url: server.url("project") };
    const end = await startCheckout(runner, { workingDirectory, repository }).ended();
    expect(end.stderr.toString()).toContain("not finished is made anew");
    expect(readdirSync(workingDirectory)).not.toContain("half");
    // As a kill in the middle of the moving leaves it.
    mkdirSync(join(aside, "tree"), { recursive: true });
    writeFileSync(join(aside, "whole"), "");
    for (const name of [".git", "src"]) execFileSync("mv", [join(workingDirectory, name), join(aside, "tree")]);
    const again = await startCheckout(runner, { workingDirectory, repository }).ended();
    expect(again.seal.workspace).toMatchObject({ uncommitted: 0, unpushed: 0 });
    expect(existsSync(aside)).toBe(false);
  });

  it("touches no file that is there and no clone's", async () => {
    const workingDirectory = join(freshFolder(), "work");
    mkdirSync(workingDirectory);
    writeFileSync(join(workingDirectory, "notes"), "old");
    const repository = { url: server.url("project") };
    const end = await startCheckout(runner, { workingDirectory, repository }).ended();
    expect(end.stdout.toString()).toContain("?? notes\n");
    const other = join(freshFolder(), "other");
    mkdirSync(other);
    writeFileSync(join(other, "README.md"), "mine");
    const taken = await startCheckout(runner, { workingDirectory: other, repository }).ended();
    expect(taken.seal.notPrepared?.cause).toBe("occupied");
    expect(taken.seal.error).toContain("README.md");
    expect(readdirSync(other)).toEqual(["README.md"]);
  });

  it("ends with SIGTERM while it clones, and leaves no agent and no half a clone", async () => {
    const workingDirectory = join(freshFolder(), "work");
    const open = Promise.withResolvers<void>();
    server.gate = open.promise;
    const pod = startCheckout(runner, { workingDirectory, repository: { url: server.url("project") } });
    await pod.until(
      () => server.requests.length >= 0 && existsSync(join(workingDirectory, ".claude-k8s-checkout/tree/.git")),
    );
    const at = performance.now();
    pod.signal("SIGTERM");
    const end = await pod.ended();
    expect(performance.now() - at).toBeLessThan(5_000);
    open.resolve();
    server.gate = Promise.resolve();
    expect(end).toMatchObject({ exitCode: 143, stdout: Buffer.alloc(0) });
    expect(end.seal).toMatchObject({ ending: "terminated", exitCode: null, signal: null });
    expect(existsSync(join(workingDirectory, ".git"))).toBe(false);
    const again = await startCheckout(runner, { workingDirectory, repository: { url: server.url("project") } }).ended();
    expect(again.seal).toMatchObject({ ending: "exit", workspace: { branch: "main" } });
  });

  it("is given up when its time is over", async () => {
    const open = Promise.withResolvers<void>();
    server.gate = open.promise;
    const repository = { url: server.url("project"), checkoutTimeoutSec: 1 };
    const end = await startCheckout(runner, { repository }).ended();
    open.resolve();
    server.gate = Promise.resolve();
    expect(end.seal).toMatchObject({ ending: "not-started", notPrepared: { step: "checkout", cause: "timeout" } });
  });

  variant("tries again while the repository is not reached", async () => {
    server.faults.push({ line: "/info/refs", status: 503 });
    const end = await startCheckout(runner, { repository: { url: server.url("project") } }).ended();
    expect(end.seal.ending).toBe("exit");
    expect(end.stderr.toString()).toMatch(/not reached, next try in 1 s: .*503/);
  });

  it("needs git", async () => {
    const { git: _, ...programs } = runner.programs;
    const url = server.url("project");
    const end = await startCheckout({ ...runner, programs }, { repository: { url } }).ended();
    expect(end.seal).toMatchObject({ ending: "not-started", notPrepared: { step: "checkout", cause: "git-missing" } });
  });
});

describe.each(checkoutRunners.slice(0, 1))("a git that fails", (runner) => {
  it.each([
    ["disk-full", "fatal: write error: No space left on device\nfatal: fetch-pack: invalid index-pack output"],
    ["disk-full", "error: unable to write file x: Disk quota exceeded\nfatal: early EOF"],
    [
      "untrusted",
      "fatal: unable to access 'https://h/': SSL certificate problem: unable to get local issuer certificate",
    ],
    ["untrusted", "fatal: unable to access 'https://h/': server certificate verification failed. CAfile: none"],
    ["login-required", "remote: Invalid username or token.\nfatal: Authentication failed for 'https://h/'"],
    ["login-required", "remote: HTTP Basic: Access denied\nfatal: Authentication failed for 'https://h/'"],
    ["login-required", "fatal: unable to access 'https://h/': The requested URL returned error: 403"],
    ["login-required", "git@h: Permission denied (publickey).\nfatal: Could not read from remote repository."],
    ["repository-missing", "remote: Repository not found.\nfatal: repository 'https://h/x.git/' not found"],
    ["repository-missing", "ERROR: Repository not found.\nfatal: Could not read from remote repository."],
    ["repository-missing", "remote: The project you were looking for could not be found or you don't have permission."],
    ["failed", 'fatal: something "else" with \\ and https://me:t0p-secret@h/x'],
  ])("is told by its own words: %s, %s", async (cause, words) => {
    const git = `#!/bin/sh\ncase " $* " in *" ls-remote "*) printf '%s\\n' ${quote(words)} >&2; exit 128 ;; esac\nexec ${runner.programs.git} "$@"\n`;
    const end = await startCheckout(runner, { repository: { url: "https://h/x.git" }, fakes: { git } }).ended();
    expect(end.seal).toMatchObject({ ending: "not-started", notPrepared: { step: "checkout", cause } });
    expect(end.seal.error).toContain(words.split("\n").at(-1)?.slice(0, 16));
    expect(JSON.stringify([end.seal, end.stderr.toString()])).not.toContain("t0p-secret");
  });

  variant("is not held up by one that talks, and tells how far it is now and then", async () => {
    const talk = `i=0; while [ $i -lt 45 ]; do i=$((i+1)); printf 'Receiving objects: %3d%%\\r' $i >&2; sleep 0.1; done`;
    const git = `#!/bin/sh\ncase " $* " in *" fetch "*) ${talk} ;; esac\nexec ${runner.programs.git} "$@"\n`;
    const end = await startCheckout(runner, { repository: { url: server.url("project") }, fakes: { git } }).ended();
    expect(end.seal.ending).toBe("exit");
    expect(end.stderr.toString().match(/^checkout: Receiving objects: +\d+%$/gm)).toHaveLength(1);
  });

  it("is Paperclip's own for what needs a login, where Paperclip manages that", async () => {
    const git = `#!/bin/sh\necho "$*" >>"$TMPDIR/managed"\nexec ${runner.programs.git} "$@"\n`;
    const repository = { url: server.url("project"), managed: true };
    const pod = startCheckout(runner, { repository, files: { "bin/git": git } });
    expect((await pod.ended()).seal.ending).toBe("exit");
    const asked = readFileSync(join(pod.folder, "tmp/managed"), "utf8");
    for (const line of asked.trimEnd().split("\n")) expect(line).toMatch(/ (ls-remote|fetch|checkout) /);
    expect(asked).toMatch(/ fetch /);
  });
});
