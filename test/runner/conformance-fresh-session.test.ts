import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { runPod, sh } from "./pod.ts";
import { nodeRunners, shRunners } from "./runners.ts";
import { agent, init, result, says } from "./stream-json.ts";

const fixture = (name: string): string =>
  readFileSync(new URL(`../claude/fixtures/${name}.jsonl`, import.meta.url), "utf8");

const SESSION = "11111111-2222-4333-8444-555555555555";
const share = (costUSD: number): object => ({
  model_usage_since_last_result: { m: { costUSD } },
  modelUsage: { m: {} },
});
const fresh = (command = sh("cat; printf '%s\\n' \"$@\"", init, says("hello"), result(1, share(0.25)))) => ({
  fresh: { sessionId: SESSION, command, prompt: "prompt.fresh" },
});
const files = { "prompt.fresh": "the fresh prompt\n" };

/** Prints a real failure to resume, and ends as Claude Code does. */
const cannotResume = (name = "resume-unknown") =>
  sh("printf %s \"$1\"; echo 'No conversation found' >&2; exit 1", fixture(name));

describe.each(nodeRunners)("a session that cannot be resumed on $name", (runner) => {
  it.each(["resume-unknown", "resume-notuuid"])("gives way to a fresh one in the same run: %s", async (name) => {
    const end = await runPod(runner, { command: cannotResume(name), files, more: fresh() });
    expect(end.exitCode).toBe(0);
    expect(end.seal).toMatchObject({ ending: "exit", exitCode: 0, freshSession: { insteadOf: SESSION } });
    const { errors: [error] = [] } = JSON.parse(fixture(name)) as { errors?: string[] };
    expect(error?.startsWith(end.seal.freshSession?.why ?? "nothing")).toBe(true);
    expect(end.seal.agent).toMatchObject({ session_id: "s", init: true, result: { run_cost_usd: 0.25, num_turns: 1 } });
    expect(end.stderr.toString()).toContain(`runner: session ${SESSION} cannot be resumed (`);
    // Both processes' lines, numbered on and proven.
    const lines = [fixture(name).trimEnd(), "the fresh prompt", init, says("hello"), result(1, share(0.25))];
    expect(end.stdout.toString()).toBe(`${lines.join("\n")}\n`);
    expect(end.seal.stdout).toMatchObject({ lines: lines.length, sha256: end.sha256, newline: true });
  });

  it("keeps lines apart when the first process ends in the middle of one", async () => {
    const command = sh('printf %s "$1"; exit 1', fixture("resume-unknown").trimEnd());
    const end = await runPod(runner, { command, files, more: fresh() });
    expect(end.seal).toMatchObject({ stdout: { lines: 5, sha256: end.sha256 }, freshSession: {} });
  });

  it("counts what both processes spent", async () => {
    const image = {
      is_error: true,
      api_error_status: 400,
      result: "API Error: 400 Could not process image",
      ...share(0.5),
    };
    const end = await runPod(runner, { command: agent(init, result(1, image)), files, more: fresh() });
    expect(end.seal.agent?.result?.run_cost_usd).toBe(0.75);
  });

  it("is not replaced when work was done in it, nor twice, nor where nothing else is to be run", async () => {
    const worked = agent(init, says("work"), { sh: `printf %s '${fixture("resume-unknown")}'; exit 1` });
    const kept = await runPod(runner, { command: worked, files, more: fresh() });
    expect(kept).toMatchObject({ exitCode: 1, seal: { ending: "exit" } });
    expect(kept.seal.freshSession).toBeUndefined();

    const twice = await runPod(runner, { command: cannotResume(), files, more: fresh(cannotResume()) });
    expect(twice.exitCode).toBe(1);
    expect(twice.seal.stdout?.lines).toBe(2);

    const alone = await runPod(runner, { command: cannotResume() });
    expect(alone).toMatchObject({ exitCode: 1, seal: { exitCode: 1 } });
  });

  it("leaves the fresh one what is left of the run's time", async () => {
    const end = await runPod(runner, {
      command: sh('sleep 0.3; printf %s "$1"; exit 1', fixture("resume-unknown")),
      files,
      timeoutSec: 0.8,
      more: fresh(sh("exec sleep 600")),
    });
    expect(end.seal).toMatchObject({ ending: "timeout", freshSession: { insteadOf: SESSION } });
  });
});

describe.each(shRunners)("a session that cannot be resumed under $name", (runner) => {
  it("fails the run: the sh runner reads no event", async () => {
    const end = await runPod(runner, { command: cannotResume(), files, more: fresh() });
    expect(end).toMatchObject({ exitCode: 1, seal: { exitCode: 1, ending: "exit" } });
    expect(end.seal.freshSession).toBeUndefined();
  });
});
