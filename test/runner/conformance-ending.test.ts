/** A run ends when the agent's work has ended; real processes, times scaled down. */
import { describe, expect, it } from "vitest";
import { runPod } from "./pod.ts";
import { nodeRunners } from "./runners.ts";
import { agent, backgroundTasks, calls, init, result, retry, returns, says } from "./stream-json.ts";

const FOR_EVER = { sh: "exec sleep 600" };

describe.each(nodeRunners)("after its last result on $name, an agent", (runner) => {
  const more = { terminalResultGraceMs: 400 };

  it("whose process goes on is ended, and its result counts", async () => {
    const end = await runPod(runner, { command: agent(init, says("done"), result(3), FOR_EVER), more });
    expect(end.exitCode).toBe(0);
    expect(end.seal).toMatchObject({ ending: "after-result", exitCode: null, signal: "SIGTERM" });
    expect(end.seal.agent?.result).toMatchObject({ num_turns: 3, subtype: "success" });
    expect(end.seal.silence).toBeUndefined();
    expect(end.stderr.toString()).toContain("runner: the agent has printed its result");
    expect((end.seal.endedAt ?? 0) - (end.seal.startedAt ?? 0)).toBeGreaterThan(390);
  });

  it("that ignores SIGTERM is killed, with all that it started", async () => {
    const deaf = agent({ sh: "trap '' TERM" }, init, result(1, { is_error: true }), {
      sh: "sleep 600 & wait; sleep 600",
    });
    const end = await runPod(runner, { command: deaf, more, graceSec: 0.3 });
    expect(end.exitCode).toBe(1);
    expect(end.seal).toMatchObject({ ending: "after-result", exitCode: null, signal: "SIGKILL" });
  });

  it("that ends by itself in time ends as it likes", async () => {
    const end = await runPod(runner, { command: agent(init, result(1), 0.1, { sh: "exit 3" }), more });
    expect(end).toMatchObject({ exitCode: 3, seal: { ending: "exit", exitCode: 3 } });
  });

  it("is waited for when the grace is 0", async () => {
    const end = await runPod(runner, { command: agent(init, result(1), 1), more: { terminalResultGraceMs: 0 } });
    expect(end.seal).toMatchObject({ ending: "exit", exitCode: 0 });
  });

  it("is not ended by a result of no turns: the work comes after it", async () => {
    const resumed = agent(init, result(0), result(0), 1.2, says("the work"), result(2), FOR_EVER);
    const end = await runPod(runner, { command: resumed, more });
    expect(end.seal).toMatchObject({ ending: "after-result", agent: { result: { num_turns: 2 } } });
  });

  it("is ended after a result of no turns when the model has spoken", async () => {
    const end = await runPod(runner, { command: agent(init, says("the work"), result(0), FOR_EVER), more });
    expect(end.seal).toMatchObject({ ending: "after-result" });
  });

  it("may go on: another turn begins with another init, and the newest result counts", async () => {
    const two = agent(init, says("one"), result(1), 0.1, init, 1.2, says("two"), result(2), FOR_EVER);
    const end = await runPod(runner, { command: two, more });
    expect(end.seal).toMatchObject({ ending: "after-result", agent: { result: { num_turns: 2, text: "after 2" } } });
    expect(end.seal.stdout?.lines).toBe(6);
  });

  it("starts the grace anew with whatever it prints", async () => {
    const chatters = agent(result(1), 0.25, "hook", 0.25, "hook", 0.25, "hook", 0.25, { sh: "exit 5" });
    const end = await runPod(runner, { command: chatters, more });
    expect(end).toMatchObject({ exitCode: 5, seal: { ending: "exit" } });
  });

  it("has more time while a background task of it is in flight, but not for ever", async () => {
    // As Claude Code does it (measured): the task reports by another turn, 8 s after the first result.
    const reports = agent(
      ...[init, backgroundTasks("build"), says("started"), result(2), 0.8, backgroundTasks(), init],
      ...[says("built"), result(1), FOR_EVER],
    );
    const end = await runPod(runner, { command: reports, more });
    expect(end.seal).toMatchObject({ ending: "after-result", agent: { result: { num_turns: 1 } } });

    const serves = agent(init, backgroundTasks("npm run dev"), says("it runs"), result(2), FOR_EVER);
    const served = await runPod(runner, { command: serves, more: { terminalResultGraceMs: 150 } });
    expect(served).toMatchObject({ exitCode: 0, seal: { ending: "after-result" } });
    expect(served.stderr.toString()).toContain('background task "npm run dev" in flight');
  });

  it("that leaves a child with its stdout is not waited for", async () => {
    const leaves = agent(init, result(1), { sh: "sleep 600 & exit 0" });
    const end = await runPod(runner, { command: leaves, more: { terminalResultGraceMs: 60_000 } });
    expect(end).toMatchObject({ exitCode: 0, seal: { ending: "exit" } });
  });
});

describe.each(nodeRunners)("when it says nothing on $name, an agent", (runner) => {
  it("is ended, and may save its session first", async () => {
    const saves = agent({ sh: "trap 'echo saved; exit 143' TERM" }, init, says("hm"), {
      sh: "while :; do sleep 0.05; done",
    });
    const end = await runPod(runner, { command: saves, more: { silenceLimitSec: 0.5, toolSilenceLimitSec: 60 } });
    expect(end.exitCode).toBe(143);
    expect(end.seal).toMatchObject({ ending: "silent", exitCode: 143, silence: { tool: null } });
    expect(end.stdout.toString()).toMatch(/saved\n$/);
    expect(end.stderr.toString()).toContain("silenceLimitSec");
  });

  it("that never says anything is ended too", async () => {
    const end = await runPod(runner, { command: agent(FOR_EVER), more: { silenceLimitSec: 0.3 } });
    expect(end.seal).toMatchObject({ ending: "silent", signal: "SIGTERM" });
  });

  it("is left alone without a limit, and while it tells of retries", async () => {
    const patient = await runPod(runner, { command: agent(init, 0.8), more: { silenceLimitSec: 0 } });
    expect(patient.seal).toMatchObject({ ending: "exit" });
    const retries = agent(init, 0.4, retry, 0.4, retry, 0.4, retry, 0.4);
    const retried = await runPod(runner, { command: retries, more: { silenceLimitSec: 0.8 } });
    expect(retried.seal).toMatchObject({ ending: "exit" });
  });

  it("has another limit while a tool call is in flight", async () => {
    const works = agent(init, calls("a"), 1, returns("a"), says("done"), result(2));
    const end = await runPod(runner, { command: works, more: { silenceLimitSec: 0.5, toolSilenceLimitSec: 0 } });
    expect(end.seal).toMatchObject({ ending: "exit", exitCode: 0 });

    const hangs = agent(init, calls("a", "mcp__db__query"), FOR_EVER);
    const hung = await runPod(runner, { command: hangs, more: { silenceLimitSec: 0.2, toolSilenceLimitSec: 0.6 } });
    expect(hung.seal).toMatchObject({ ending: "silent", silence: { tool: "mcp__db__query" } });
  });
});
