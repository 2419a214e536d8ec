/** Both halves of the runner, where the record is kept by a container of its own, as real processes. */
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createConnection, type Socket } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it, onTestFinished } from "vitest";
import { sh } from "./pod.ts";
import { nodeRunners, shRunners } from "./runners.ts";
import { recorderAlone, SeparatePod } from "./separate-pod.ts";

const RESULT = `{"type":"result","subtype":"success","is_error":false,"session_id":"s-1","num_turns":1,"total_cost_usd":0.5,"result":"done"}`;

/** As `handover.ts` describes it. */
function message(kind: string, body: string): Buffer {
  const head = Buffer.alloc(5);
  head[0] = kind.charCodeAt(0);
  head.writeUInt32BE(Buffer.byteLength(body), 1);
  return Buffer.concat([head, Buffer.from(body)]);
}

/** The name is there a moment before anybody listens. */
async function connected(path: string): Promise<Socket> {
  for (;;) {
    const socket = createConnection(path);
    const error = await once(socket, "connect").then(
      () => null,
      (refused: Error) => refused,
    );
    if (error === null) return socket;
    await sleep(10);
  }
}

describe.each(nodeRunners)("a recorder of its own on $name", (runner) => {
  it("records what the agent prints in another container, and how it ended", async () => {
    const agent = sh(`cat; echo "$1"; echo oops >&2; exit 3`, RESULT);
    const pod = new SeparatePod(runner, { command: agent, prompt: "hello\n" });
    const ended = await pod.ended();
    expect(ended.agent.exitCode).toBe(3);
    expect(ended.recorder.exitCode).toBe(0);
    expect(ended.recorder.stdout.toString()).toBe(`hello\n${RESULT}\n`);
    expect(ended.recorder.stderr.toString()).toBe("oops");
    const { seal, sha256 } = ended.recorder;
    expect(seal).toMatchObject({
      runner: "node",
      ending: "exit",
      exitCode: 3,
      signal: null,
      stdout: { lines: 2, bytes: 7 + RESULT.length, sha256, newline: true },
      stderr: { lines: 1, tail: "oops\n" },
      agent: { session_id: "s-1", result: { subtype: "success", total_cost_usd: 0.5, text: "done" } },
    });
    expect(seal.partial).toBeUndefined();
    // The agent's own container certifies nothing.
    expect(ended.agent.seal).toEqual({ v: 1, runner: "node", ending: "exit", exitCode: 3, signal: null });
    expect(readFileSync(join(pod.transcript, readdirSync(pod.transcript)[0] ?? ""), "utf8")).toContain(`2|${RESULT}\n`);
  });

  it("records a burst of lines whole, with lines of all lengths", async () => {
    const script = `i=0; while [ $i -lt 300 ]; do i=$((i + 1)); echo "line $i"; head -c $((i * 300)) /dev/zero | tr '\\0' x; echo; done; yes abcdefghij | head -n 100000`;
    const pod = new SeparatePod(runner, { command: sh(script) });
    const { recorder } = await pod.ended();
    expect(recorder.seal).toMatchObject({
      ending: "exit",
      exitCode: 0,
      stdout: { lines: 100_600, sha256: recorder.sha256 },
    });
    expect(recorder.log.stdout.lines).toBe(100_600);
  });

  it("ends what is told to stop: the agent has its grace, and the record has its last words", async () => {
    const agent = `trap 'echo saved; exit 143' TERM; echo ready; while :; do sleep 0.05; done`;
    const pod = new SeparatePod(runner, { command: sh(agent) });
    await pod.recorder.prints("ready");
    pod.agent.signal("SIGTERM");
    const { recorder } = await pod.ended();
    expect(recorder.stdout.toString()).toBe("ready\nsaved\n");
    expect(recorder.seal).toMatchObject({ ending: "terminated", exitCode: 143 });
  });

  it("goes on recording when both containers are told to stop at once", async () => {
    const agent = `trap 'sleep 0.5; echo saved; exit 143' TERM; echo ready; while :; do sleep 0.05; done`;
    const pod = new SeparatePod(runner, { command: sh(agent) });
    await pod.recorder.prints("ready");
    pod.recorder.signal("SIGTERM");
    pod.agent.signal("SIGTERM");
    const recorder = await pod.recorder.ended();
    expect(recorder.stdout.toString()).toBe("ready\nsaved\n");
    expect(recorder.seal).toMatchObject({ ending: "terminated", exitCode: 143 });
  });

  it("proves the transcript of an agent whose container was killed", async () => {
    const pod = new SeparatePod(runner, { command: sh("echo one; echo two; exec sleep 600") });
    await pod.recorder.prints("two");
    pod.agent.signal("SIGKILL");
    for (const child of pod.agent.children) process.kill(child, "SIGKILL");
    await pod.recorder.until(() => pod.recorder.seal?.stdout !== undefined);
    pod.recorder.signal("SIGTERM");
    const { seal, sha256 } = await pod.recorder.ended();
    expect(seal).toMatchObject({ ending: "unknown", exitCode: null, signal: null, stdout: { lines: 2, sha256 } });
    expect(seal.partial).toBeUndefined();
  });

  it("is not left waiting by an agent that keeps its output open in the background", async () => {
    const pod = new SeparatePod(runner, { command: sh("echo one; sleep 600 & exit 0"), graceSec: 1 });
    const { recorder } = await pod.ended();
    expect(recorder.seal).toMatchObject({ ending: "exit", exitCode: 0, stdout: { lines: 1 } });
  });

  it("takes one connection, and has no name to connect to from then on", async () => {
    const { recorder, socket } = recorderAlone(runner);
    const first = await connected(socket);
    const second = createConnection(socket);
    second.on("error", () => {});
    const isClosed = new Promise((resolve) => second.once("close", resolve));
    second.write(message("o", "forged\n"));
    first.write(message("o", "one\n"));
    await recorder.prints("one");
    // Refused, or taken and closed at once.
    await isClosed;
    expect(existsSync(socket)).toBe(false);
    first.end(message("x", JSON.stringify({ ending: "exit", exitCode: 0, signal: null })));
    await recorder.until(() => recorder.seal?.stdout !== undefined);
    recorder.signal("SIGTERM");
    const { seal, stdout } = await recorder.ended();
    expect(stdout.toString()).toBe("one\n");
    expect(seal).toMatchObject({ ending: "exit", exitCode: 0, stdout: { lines: 1 } });
  });

  it("ends the record where the agent's container sends what its runner never sends", async () => {
    const { recorder, socket } = recorderAlone(runner);
    const agent = await connected(socket);
    agent.on("error", () => {});
    agent.write(Buffer.concat([message("o", "one\n"), message("x", "{}"), message("o", "two\n")]));
    await new Promise((resolve) => agent.once("close", resolve));
    recorder.signal("SIGTERM");
    const { seal } = await recorder.ended();
    expect(seal).toMatchObject({ ending: "unknown", exitCode: null, stdout: { lines: 1 } });
    expect(seal.stderr?.tail).toContain("sent what its runner never sends");
  });

  it("that is killed ends the agent, which is not blocked by what nobody reads; another one records nothing", async () => {
    const agent = `trap 'echo saved >"$1"; exit 0' TERM; echo ready; yes "a line that nobody reads" & wait`;
    const saved = join(process.env.TMPDIR ?? "/tmp", `saved-${process.pid}-${Math.random().toString(36).slice(2)}`);
    onTestFinished(() => rmSync(saved, { force: true }));
    const pod = new SeparatePod(runner, { command: sh(agent, saved), graceSec: 2 });
    await pod.recorder.prints("a line that nobody reads");
    pod.recorder.signal("SIGKILL");
    const again = pod.startRecorder(runner, { command: sh(agent, saved) });
    const ended = await pod.agent.ended();
    expect(readFileSync(saved, "utf8")).toBe("saved\n");
    expect(ended.seal).toMatchObject({ ending: "terminated", error: "the recorder was gone before the agent's end" });
    const first = await pod.recorder.ended().catch(() => null);
    expect(pod.recorder.seal).toMatchObject({ partial: true, ending: "unknown" });
    expect(first?.exitCode ?? null).toBe(null);
    await again.until(() => again.seal !== null);
    again.signal("SIGTERM");
    const second = await again.ended();
    expect(second.log.frames).toBe(0);
    expect(second.seal).toMatchObject({ partial: true, error: "the recorder was started again, and records nothing" });
  });

  it("tells why the agent was not started", async () => {
    const pod = new SeparatePod(runner, { command: ["no-such-program"] });
    const { agent, recorder } = await pod.ended();
    expect(agent.exitCode).toBe(127);
    expect(recorder.seal).toMatchObject({ ending: "not-started", error: expect.stringContaining("no-such-program") });
  });

  it("lets an agent be ended after its result, whose exit code is the result's", async () => {
    const pod = new SeparatePod(runner, {
      command: sh(`echo "$1"; exec sleep 600`, RESULT),
      more: { terminalResultGraceMs: 100 },
    });
    const { agent, recorder } = await pod.ended();
    expect(agent.exitCode).toBe(0);
    expect(recorder.seal).toMatchObject({ ending: "after-result", agent: { result: { subtype: "success" } } });
  });

  it("starts a fresh session in its record too", async () => {
    const gone = `{"type":"result","subtype":"error_during_execution","is_error":true,"session_id":"old","num_turns":0,"errors":["No conversation found with session ID: old"]}`;
    const pod = new SeparatePod(runner, {
      command: sh(`printf %s "$1"; exit 1`, gone),
      more: { fresh: { sessionId: "old", command: sh(`cat; echo "$1"`, RESULT), prompt: "prompt.fresh" } },
      files: { "prompt.fresh": "again\n" },
    });
    const { agent, recorder } = await pod.ended();
    expect(agent.exitCode).toBe(0);
    expect(recorder.stdout.toString()).toBe(`${gone}\nagain\n${RESULT}\n`);
    expect(recorder.seal).toMatchObject({
      exitCode: 0,
      freshSession: { insteadOf: "old", why: expect.stringContaining("No conversation found") },
      agent: { session_id: "s-1" },
      stdout: { lines: 3, sha256: recorder.sha256 },
    });
  });

  it("ends when nobody ever connects", async () => {
    const { recorder, socket } = recorderAlone(runner);
    await recorder.until(() => existsSync(socket));
    recorder.signal("SIGTERM");
    const { exitCode, seal } = await recorder.ended();
    expect(exitCode).toBe(0);
    expect(seal).toMatchObject({ ending: "unknown", stdout: { lines: 0 } });
  });
});

describe.each(shRunners)("without Node, under $name", (runner) => {
  it("nothing is started, and the agent's container says why; the recorder stays until it is told to end", async () => {
    const pod = new SeparatePod(runner, { command: sh("echo never") });
    const agent = await pod.agent.ended();
    expect(agent.exitCode).toBe(125);
    expect(agent.seal).toMatchObject({
      runner: "sh",
      ending: "not-started",
      error: expect.stringContaining("Node 18"),
    });
    await pod.recorder.until(() => pod.recorder.seal !== null);
    expect(pod.recorder.process.exitCode).toBe(null);
    pod.recorder.signal("SIGTERM");
    expect(await pod.recorder.ended()).toMatchObject({ exitCode: 0, seal: { partial: true } });
  });
});
