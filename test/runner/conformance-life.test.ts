import { randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseSeal } from "../../src/runner/seal-message.ts";
import { Pod, runPod, sh } from "./pod.ts";
import { runners } from "./runners.ts";

/** Prints `ready` when its traps are set, then waits; a signal interrupts it within 0.05 s. */
const waiting = (traps: string): ReturnType<typeof sh> => sh(`${traps}; echo ready; while :; do sleep 0.05; done`);

/** Whether a process runs; a zombie does not (nobody may be here to reap an orphan). */
function isAlive(pid: number): boolean {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, "latin1"));
  } catch {
    return false;
  }
}

describe.each(runners)("the agent's life under $name", (runner) => {
  const isNode = runner.kind === "node";
  /** What sh says of death by a signal: it cannot tell it from such an exit code. */
  const killedBy = (signal: "SIGTERM" | "SIGKILL" | "SIGINT"): object => {
    const code = 128 + constants.signals[signal];
    return isNode ? { exitCode: null, signal } : { exitCode: code, signal: null };
  };

  it.each([0, 3, 127, 143, 255])("keeps exit code %i", async (code) => {
    const end = await runPod(runner, { command: sh(`exit ${code}`) });
    expect(end).toMatchObject({ exitCode: code, signal: null });
    expect(end.seal).toMatchObject({ v: 1, runner: runner.kind, exitCode: code, signal: null, ending: "exit" });
    expect(end.seal.partial).toBeUndefined();
  });

  it.each(["SIGTERM", "SIGKILL"] as const)("reports an agent that %s ended", async (signal) => {
    const end = await runPod(runner, { command: sh(`kill -${signal.slice(3)} $$`) });
    expect(end.exitCode).toBe(128 + constants.signals[signal]);
    expect(end.seal).toMatchObject({ ...killedBy(signal), ending: "exit" });
  });

  it("passes SIGTERM on, and waits for an agent that saves its work and exits 0", async () => {
    const saves = "trap 'sleep 0.3; echo saved; exit 0' TERM";
    const pod = new Pod(runner, { command: waiting(saves) });
    await pod.prints("ready");
    pod.signal("SIGTERM");
    const end = await pod.ended();
    expect(end).toMatchObject({ exitCode: 0, stdout: Buffer.from("ready\nsaved\n"), stderr: Buffer.alloc(0) });
    expect(end.seal).toMatchObject({ exitCode: 0, signal: null, ending: "terminated" });
    // While a sidecar keeps the pod, nobody can read the termination message.
    expect(parseSeal(end.log.seal ?? "")).toEqual(end.seal);
  });

  it("seals the log of no agent that ends by itself", async () => {
    expect((await runPod(runner, { command: sh("echo done") })).log.seal).toBeNull();
  });

  it("tells the agent once, however often it is told itself", async () => {
    const counts =
      "trap 'n=$((n+1)); echo told $n' TERM; echo ready; until [ -e ../../go ]; do sleep 0.05; done; exit 9";
    const pod = new Pod(runner, { command: sh(counts) });
    await pod.prints("ready");
    pod.signal("SIGTERM");
    await pod.prints("told 1");
    for (let times = 0; times < 20; times += 1) {
      pod.signal("SIGTERM");
      await new Promise(setImmediate);
    }
    writeFileSync(join(pod.folder, "go"), "");
    const end = await pod.ended();
    expect(end).toMatchObject({ exitCode: 9, stdout: Buffer.from("ready\ntold 1\n") });
    expect(end.seal).toMatchObject({ exitCode: 9, signal: null, ending: "terminated" });
  });

  it("keeps the agent's code when a signal comes at the instant of its end", async () => {
    for (let times = 0; times < 8; times += 1) {
      const pod = new Pod(runner, { command: waiting("trap 'exit 9' TERM") });
      await pod.prints("ready");
      try {
        for (let signals = 0; signals < 3 || pod.seal?.partial; signals += 1) {
          pod.signal("SIGTERM");
          await new Promise(setImmediate);
        }
      } catch (error) {
        // It has ended before the last of them.
        if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
      }
      const end = await pod.ended();
      expect(end).toMatchObject({ exitCode: 9, seal: { exitCode: 9, signal: null, ending: "terminated" } });
    }
  }, 30_000);

  it("reports an agent that SIGTERM ends", async () => {
    const pod = new Pod(runner, { command: waiting(":") });
    await pod.prints("ready");
    pod.signal("SIGTERM");
    const end = await pod.ended();
    expect(end).toMatchObject({ exitCode: 143, seal: { ...killedBy("SIGTERM"), ending: "terminated" } });
  });

  it("tells the agent to stop on SIGINT", async () => {
    const pod = new Pod(runner, { command: waiting("trap 'echo INT; exit 5' INT; trap 'echo TERM; exit 5' TERM") });
    await pod.prints("ready");
    pod.signal("SIGINT");
    const end = await pod.ended();
    expect(end).toMatchObject({ exitCode: 5, seal: { exitCode: 5, ending: "terminated" } });
    expect(end.stdout.toString()).toBe(isNode ? "ready\nINT\n" : "ready\nTERM\n");
  });

  it("kills an agent that does not stop within the grace", async () => {
    const pod = new Pod(runner, { command: waiting("trap 'echo deaf' TERM"), graceSec: 0.5 });
    await pod.prints("ready");
    pod.signal("SIGTERM");
    const end = await pod.ended();
    expect(end.stdout.toString()).toBe("ready\ndeaf\n");
    expect(end.exitCode).toBe(137);
    expect(end.seal).toMatchObject({ exitCode: null, signal: "SIGKILL", ending: "terminated" });
  });

  it.runIf(isNode)("kills what the agent has started, with a deaf agent and after its end", async () => {
    const deaf = new Pod(runner, { command: sh("trap '' TERM; sleep 600 & echo child $!.; wait"), graceSec: 0.3 });
    await deaf.prints(".");
    deaf.signal("SIGTERM");
    const orphan = new Pod(runner, { command: sh("sleep 600 & echo child $!.") });
    for (const pod of [deaf, orphan]) {
      const end = await pod.ended();
      const child = Number(/child (\d+)/.exec(end.stdout.toString())?.[1]);
      expect(child).toBeGreaterThan(1);
      await pod.until(() => !isAlive(child));
    }
  });

  it("ends an agent whose time is up, with the same grace", async () => {
    const obeys = await runPod(runner, { command: waiting("trap 'echo late; exit 6' TERM"), timeoutSec: 0.5 });
    expect(obeys.stdout.toString()).toBe("ready\nlate\n");
    expect(obeys).toMatchObject({ exitCode: 6, seal: { exitCode: 6, signal: null, ending: "timeout" } });

    const deaf = await runPod(runner, { command: waiting("trap '' TERM"), timeoutSec: 0.4, graceSec: 0.3 });
    expect(deaf.seal).toMatchObject({ exitCode: null, signal: "SIGKILL", ending: "timeout" });
  });

  it("does not end an agent that is in time", async () => {
    const end = await runPod(runner, { command: sh("echo quick"), timeoutSec: 3_000_000 });
    expect(end).toMatchObject({ exitCode: 0, seal: { ending: "exit" } });
  });

  it.each([
    ["of 0 bytes", Buffer.alloc(0)],
    ["of 1 MiB", randomBytes(1024 * 1024)],
    ["with what a shell might take for itself", Buffer.from("\\c \\n \\0 $(id) `id` $HOME 'one' \"two\" %s\r\n\0 -\n")],
  ])("gives the agent its prompt byte for byte: %s", async (_, prompt) => {
    const end = await runPod(runner, { command: ["cat"], prompt });
    expect(end.stdout.subarray(0, prompt.length).equals(prompt)).toBe(true);
    expect(end.log.stdout.bytes).toBe(prompt.length);
  });

  it("does not mind an agent that never reads its prompt", async () => {
    const end = await runPod(runner, { command: sh("echo ok; exit 2"), prompt: Buffer.alloc(1024 * 1024, "prompt\n") });
    expect(end).toMatchObject({ exitCode: 2, stdout: Buffer.from("ok\n"), seal: { ending: "exit" } });
    expect(end.seal.error).toBeUndefined();
  });

  it("gives the agent its arguments as they are", async () => {
    const args = [
      "",
      "it's",
      'a "quote"',
      "two\nlines\n",
      "$(X) $X `x` \\ \\n",
      "ünï 🦊",
      "-n",
      "--",
      "*",
      " ",
      "%s",
      "&|;<>",
    ];
    const end = await runPod(runner, { command: sh('for a; do printf "%s\\0" "$a"; done', ...args) });
    expect(end.stdout.toString().split("\0").slice(0, -1)).toEqual(args);
  });

  it("runs a program of the run's Secret, and names its files, wherever it is mounted", async () => {
    const files = { "tool.sh": '#!/bin/sh\ncat "$1"\necho in $PWD\n', "some.json": "{}\n" };
    const pod = new Pod(runner, { command: [{ runFile: "tool.sh" }, { runFile: "some.json" }], files });
    const end = await pod.ended();
    expect(end.stdout.toString()).toBe(`{}\nin ${pod.workingDirectory}\n`);
  });

  it("gives NODE_OPTIONS to the agent and does not obey them itself", async () => {
    const env = { NODE_OPTIONS: "--no-such-option" };
    const end = await runPod(runner, { command: sh('echo "$NODE_OPTIONS"'), env });
    expect(end).toMatchObject({ exitCode: 0, stdout: Buffer.from("--no-such-option\n") });
  });
});
