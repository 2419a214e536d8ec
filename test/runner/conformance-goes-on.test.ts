/** A queue takes a pod back in the middle of its work: the next one goes on in its session. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { LEFT_SESSION, type RunnerSpec } from "../../src/runner/spec.ts";
import { Pod, runPod, sh } from "./pod.ts";
import { nodeRunners, shRunners } from "./runners.ts";
import { init, result, says } from "./stream-json.ts";

const FILE = ".claude-k8s/sessions/ac-a-b";
const SESSION = "11111111-2222-4333-8444-555555555555";
const began = init.replace(/"session_id":"[^"]*"/, `"session_id":"${SESSION}"`);
const files = { "prompt.goes-on": "go on\n" };

/** Says that it goes on, in which session, and with which prompt. */
const goesOn: NonNullable<RunnerSpec["goesOn"]> = {
  file: FILE,
  command: [...sh('printf "resumes %s: " "$1"; cat; printf "%s\\n" "$2"', "REPLACED", result(1))].map((word) =>
    word === "REPLACED" ? LEFT_SESSION : word,
  ) as unknown as RunnerSpec["command"],
  prompt: "prompt.goes-on",
};
const more = { goesOn };

function home(): { readonly env: { readonly HOME: string }; readonly file: string } {
  const HOME = mkdtempSync(join(tmpdir(), "runner-home-"));
  onTestFinished(() => rmSync(HOME, { recursive: true, force: true }));
  return { env: { HOME }, file: join(HOME, FILE) };
}

describe.each(nodeRunners)("on $name", (runner) => {
  it("a pod that is told to stop leaves its session, and the next one goes on in it", async () => {
    const { env, file } = home();
    const command = sh('printf "%s\\n" "$@"; exec sleep 600', began, says("half"));
    const first = new Pod(runner, { command, env, more, files });
    await first.prints("half");
    first.process.kill("SIGTERM");
    expect((await first.ended()).seal).toMatchObject({ ending: "terminated", agent: { session_id: SESSION } });
    expect(readFileSync(file, "utf8")).toBe(SESSION);
    const second = await runPod(runner, { command, env, more, files });
    expect(second.stdout.toString()).toContain(`resumes ${SESSION}: go on\n`);
    expect(second.stderr.toString()).toContain(`its session ${SESSION} goes on`);
    // It ended by itself: there is no next one.
    expect(() => readFileSync(file)).toThrow(/ENOENT/);
  });

  it("a session that turns out to be unusable gives way to the run's beginning", async () => {
    const { env, file } = home();
    mkdirSync(join(file, ".."), { recursive: true });
    writeFileSync(file, SESSION);
    const lost = { ...goesOn, command: sh("echo 'No conversation found with session ID' >&2; exit 1") };
    const command = sh('cat; printf "%s\\n" "$1"', result(1));
    const end = await runPod(runner, { command, env, prompt: "begin\n", more: { goesOn: lost }, files });
    expect(end.stdout.toString()).toContain("begin\n");
    expect(end.seal).toMatchObject({ exitCode: 0, freshSession: { insteadOf: SESSION } });
  });

  it.each(["--dangerous", "a b", "", "$(id)"])("what is no session's id is not one: %j", async (text) => {
    const { env, file } = home();
    mkdirSync(join(file, ".."), { recursive: true });
    writeFileSync(file, text);
    const end = await runPod(runner, { command: sh("cat"), env, prompt: "begin\n", more, files });
    expect(end.stdout.toString()).toBe("begin\n");
  });
});

describe.each(shRunners)("under $name", (runner) => {
  it("every pod begins anew", async () => {
    const { env, file } = home();
    mkdirSync(join(file, ".."), { recursive: true });
    writeFileSync(file, SESSION);
    const end = await runPod(runner, { command: sh("cat"), env, prompt: "begin\n", more, files });
    expect(end.stdout.toString()).toContain("begin\n");
  });
});
