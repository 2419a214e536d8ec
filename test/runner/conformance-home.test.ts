/** Pods of one agent share its home: fake agents that behave as Claude Code was measured to, all at once. */
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { CONFIG_DIRECTORY } from "../../src/runner/spec.ts";
import { variant } from "../support/variant.ts";
import { Pod, type PodOptions, runPod, sh } from "./pod.ts";
import { nodeRunners, runners } from "./runners.ts";

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "runner home "));
  mkdirSync(join(home, ".claude"));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
});

const write = (name: string, value: object): void => writeFileSync(join(home, name), JSON.stringify(value));
const read = (name: string): Record<string, unknown> =>
  JSON.parse(readFileSync(join(home, name), "utf8")) as Record<string, unknown>;

/** Where Claude Code has its directory and its file. */
const CLAUDE = `dir=\${CLAUDE_CONFIG_DIR:-$HOME/.claude} file=\${CLAUDE_CONFIG_DIR:-$HOME}/.claude.json`;
const options = (script: string, ...args: string[]): PodOptions => ({
  command: sh(`${CLAUDE}\n${script}`, ...args),
  env: { HOME: home, [CONFIG_DIRECTORY]: join(mkdtempSync(join(home, "scratch-")), "claude-config") },
});

describe.each(nodeRunners)("a home that other pods use, on $name,", (runner) => {
  it("gets sessions, skills and settings; the file that is rewritten whole is the run's own until its end", async () => {
    write(".claude.json", { userID: "u", projects: { "/a": { trusted: true } } });
    write(".claude/settings.json", { model: "opus" });
    const script = `
cat "$dir/settings.json"; echo
echo '{}' >"$dir/projects/session.jsonl"
echo new >"$dir/history.jsonl"
printf %s '{"userID":"u","onboarded":true,"projects":{"/a":{"trusted":true},"/b":{"trusted":true}}}' >"$file"
echo "$CLAUDE_SECURESTORAGE_CONFIG_DIR$CLAUDE_K8S_CONFIG_DIRECTORY"
until [ -e "$HOME/go" ]; do sleep 0.05; done`;
    const pod = new Pod(runner, options(script));
    await pod.prints(`${home}/.claude`);
    expect(read(".claude.json")).toEqual({ userID: "u", projects: { "/a": { trusted: true } } });
    // Another pod's change meanwhile.
    write(".claude.json", { userID: "u", other: 1, projects: { "/a": { trusted: true, n: 2 }, "/c": {} } });
    writeFileSync(join(home, "go"), "");
    const end = await pod.ended();
    expect(end).toMatchObject({ exitCode: 0, seal: { ending: "exit" } });
    expect(end.seal.error).toBeUndefined();
    expect(end.stdout.toString()).toContain('{"model":"opus"}');
    expect(read(".claude.json")).toEqual({
      ...{ userID: "u", onboarded: true, other: 1 },
      projects: { "/a": { trusted: true, n: 2 }, "/b": { trusted: true }, "/c": {} },
    });
    expect(readFileSync(join(home, ".claude/projects/session.jsonl"), "utf8")).toBe("{}\n");
    expect(readFileSync(join(home, ".claude/history.jsonl"), "utf8")).toBe("new\n");
    expect(readdirSync(home).filter((name) => /lock|claude-k8s/.test(name))).toEqual([]);
  });

  it("loses nothing when six agents rewrite the file at once, each in the middle of the others' writes", async () => {
    write(".claude.json", { userID: "u", projects: {} });
    // Not in one step, as versions before 2.1 do it: half a file lies there for a moment.
    const script = `
for turn in 1 2 3 4 5; do
  grep -q '"userID"' "$file" || { echo corrupted >"$HOME/corrupted.$1"; exit 1; }
  printf %s '{"userID":"u",' >"$file"; sleep 0.03
  printf %s '"projects":{"/'"$1"'":{"turn":'$turn'}}}' >>"$file"
done
echo '{}' >"$dir/projects/$1.jsonl"`;
    const six = ["1", "2", "3", "4", "5", "6"];
    const withGrep = { ...runner, programs: { ...runner.programs, grep: programPath("grep") } };
    const ends = await Promise.all(six.map((name) => runPod(withGrep, options(script, name))));
    for (const end of ends) expect(end).toMatchObject({ exitCode: 0, seal: { ending: "exit" } });
    for (const end of ends) expect(end.seal.error).toBeUndefined();
    expect(readdirSync(home).filter((name) => name.startsWith("corrupted"))).toEqual([]);
    expect(read(".claude.json")).toEqual({
      userID: "u",
      projects: Object.fromEntries(six.map((name) => [`/${name}`, { turn: 5 }])),
    });
    expect(readdirSync(join(home, ".claude/projects")).length).toBe(six.length);
  });

  it("keeps the login in one place; a newer one that took its link's place is brought home, an older one is not", async () => {
    const login = (expiresAt: number): object => ({ claudeAiOauth: { expiresAt, refreshToken: `r${expiresAt}` } });
    const installed = mkdtempSync(join(home, "bin-"));
    mkdirSync(join(installed, "claude-code"));
    writeFileSync(
      join(installed, "claude-code", "package.json"),
      '{"name":"@anthropic-ai/claude-code","version":"2.1.330"}',
    );
    symlinkSync(programPath("sh"), join(installed, "claude-code", "claude"));
    const script = `cat "$dir/.credentials.json"; printf %s "$1" >"$dir/new"; mv "$dir/new" "$dir/.credentials.json"`;
    const run = async (next: object): Promise<void> => {
      const given = options(script, JSON.stringify(next));
      const [, ...args] = given.command;
      const claude = join(installed, "claude-code", "claude");
      writeFileSync(join(installed, "claude-code", "run"), `#!/bin/sh\nexec sh "$@"\n`, { mode: 0o755 });
      const end = await runPod(withMv(runner), { ...given, command: [claude.replace(/claude$/, "run"), ...args] });
      expect(end).toMatchObject({ exitCode: 0 });
      expect(end.stdout.toString()).toContain("refreshToken");
    };
    write(".claude/.credentials.json", login(1_000));
    await run(login(2_000));
    expect(read(".claude/.credentials.json")).toEqual(login(2_000));
    await run(login(1_500));
    expect(read(".claude/.credentials.json")).toEqual(login(2_000));
  });

  it("is used as it is by an unknown Claude Code with a login, and by an agent with a directory of its own", async () => {
    write(".claude/.credentials.json", { claudeAiOauth: { refreshToken: "r" } });
    const old = await runPod(runner, options('echo "$dir"'));
    expect(old.stdout.toString()).toBe(`${home}/.claude\n`);
    const given = options('echo "$dir $CLAUDE_SECURESTORAGE_CONFIG_DIR"');
    const own = await runPod(runner, { ...given, env: { ...given.env, CLAUDE_CONFIG_DIR: "/its/own" } });
    expect(own.stdout.toString()).toBe("/its/own \n");
  });

  it("may be unwritable, or hold a file that is no JSON: the run goes on and says so", async () => {
    writeFileSync(join(home, ".claude.json"), "{broken");
    const broken = await runPod(runner, options('echo "{\\"a\\":1}" >"$file"'));
    expect(broken).toMatchObject({ exitCode: 0 });
    expect(readFileSync(join(home, ".claude.json"), "utf8")).toBe("{broken");
    rmSync(join(home, ".claude"), { recursive: true });
    writeFileSync(join(home, ".claude"), "a file");
    const odd = await runPod(runner, options('echo "$dir"'));
    expect(odd).toMatchObject({ exitCode: 0, stdout: Buffer.from(`${home}/.claude\n`) });
    expect(odd.stderr.toString()).toContain("runner: Claude Code uses the home's configuration directory");
  });
});

const programPath = (name: string): string =>
  execFileSync("sh", ["-c", `command -v ${name}`], { encoding: "utf8" }).trim();

const withMv = <T extends (typeof nodeRunners)[number]>(runner: T): T => ({
  ...runner,
  programs: { ...runner.programs, mv: programPath("mv") },
});

describe.each(runners)("under $name, an agent", (runner) => {
  it("does not learn of a Claude Code that the image or Paperclip runs in", async () => {
    const env = {
      CLAUDECODE: "1",
      CLAUDE_CODE_ENTRYPOINT: "cli",
      CLAUDE_CODE_SSE_PORT: "1",
      CLAUDE_CODE_SESSION_ID: "s",
    };
    const end = await runPod(runner, {
      command: sh(
        'echo "$CLAUDECODE$CLAUDE_CODE_ENTRYPOINT$CLAUDE_CODE_SSE_PORT$CLAUDE_CODE_SESSION_ID.$CLAUDE_CODE_USE_BEDROCK"',
      ),
      env: { ...env, CLAUDE_CODE_USE_BEDROCK: "1" },
    });
    expect(end.stdout.toString()).toBe(".1\n");
  });
});

describe("a volume that hangs at the end", () => {
  variant.each(nodeRunners)(
    "does not keep the container on $name",
    async (runner) => {
      const pipe = join(home, "volume");
      execFileSync("sh", ["-c", `mkfifo "$1"`, "make", pipe]);
      // Opens it, and never reads: a write beyond what the kernel holds hangs in its thread.
      const reader = spawn("sh", ["-c", 'exec sleep 600 <"$1"', "reader", pipe], { stdio: "ignore" });
      onTestFinished(() => void reader.kill("SIGKILL"));
      const end = await runPod(runner, { command: sh("yes x | head -c 200000; exit 9"), transcript: pipe });
      expect(end).toMatchObject({ exitCode: 9, seal: { exitCode: 9, ending: "exit" } });
      expect(end.seal.error).toContain("the transcript could not be kept: it did not answer in 10 s");
      expect(end.log.stdout.bytes).toBe(200_000);
    },
    40_000,
  );
});
