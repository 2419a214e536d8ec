/** A signal that comes before the agent is started: each test holds the runner at one point of its way there. */
import { closeSync, constants, existsSync, openSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { parseSeal } from "../../src/runner/seal-message.ts";
import { type RunnerSpec, shellSpec } from "../../src/runner/spec.ts";
import { cases } from "../support/thoroughness.ts";
import { Pod, type PodEnd, type PodOptions, sh } from "./pod.ts";
import { nodeRunners, type RunnerUnderTest, runners, shRunners } from "./runners.ts";

const agent = sh("echo agent");
const spec: RunnerSpec = { command: agent, graceSec: 10, timeoutSec: 0 };

/** In sh: says that this point was reached, and waits until it may go on. */
const hold = (folder: string): string => `: >"${folder}/held"; until [ -e "${folder}/go" ]; do sleep 0.02; done`;

/** A Node that is held when it is called with this among its arguments. */
const heldNode = (argument: string, rest: string): string =>
  `#!/bin/sh\ncase "$*" in *${argument}*) ${hold(`\${0%/*}/..`)} ;; esac\n${rest}\n`;

/** A pod that is told to stop while it is held, and then may go on, should it still live. */
async function toldWhileHeld(runner: RunnerUnderTest, options: Partial<PodOptions>): Promise<PodEnd> {
  const pod = new Pod(runner, { command: agent, first: true, ...options });
  await pod.until(() => existsSync(join(pod.folder, "held")));
  pod.signal("SIGTERM");
  writeFileSync(join(pod.folder, "go"), "");
  return pod.ended();
}

function expectNoAgent(end: PodEnd, by: "node" | "sh"): void {
  expect(end).toMatchObject({ exitCode: 143, signal: null, stdout: Buffer.alloc(0) });
  expect(end.seal).toMatchObject({ runner: by, exitCode: null, signal: null, ending: "terminated" });
  expect(end.seal.error).toBe("told to stop before the agent was started");
  expect(end.seal.partial).toBeUndefined();
  expect(parseSeal(end.log.seal ?? "")).toEqual(end.seal);
}

describe.each(runners)("a signal before the agent's start under $name", (runner) => {
  it("is kept while sh asks for Node's version", async () => {
    const rest = runner.programs.node ? `exec ${runner.programs.node} "$@"` : "exit 1";
    expectNoAgent(await toldWhileHeld(runner, { fakes: { node: heldNode("--version", rest) } }), "sh");
  });
});

describe.each(runners)("a signal at any moment of the agent's start under $name", (runner) => {
  const AT_ONCE = 6;

  // A child that had the traps of its shell lost it, one of a few hundred times, and was ended after its grace.
  it("is not lost", async () => {
    const end = async (): Promise<PodEnd> => {
      const pod = new Pod(runner, { command: sh("exec sleep 300") });
      await pod.until(() => pod.seal !== null);
      await sleep(Math.random() * 12);
      pod.signal("SIGTERM");
      return pod.ended();
    };
    for (let round = 0; round < cases(60); round += AT_ONCE)
      for (const { seal } of await Promise.all(Array.from({ length: AT_ONCE }, end))) {
        expect(seal.ending).toBe("terminated");
        expect(seal.signal).not.toBe("SIGKILL");
      }
  });
});

describe.each(shRunners)("a signal before the agent's start under $name", (runner) => {
  it("is kept while sh prepares the start", async () => {
    expectNoAgent(await toldWhileHeld(runner, { files: { "run.sh": `${hold("$dir/..")}\n${shellSpec(spec)}` } }), "sh");
  });
});

describe.each(nodeRunners)("a signal before the agent's start on $name", (runner) => {
  const node = runner.programs.node;

  it("ends a Node that does not listen yet, which the pod's first process could not be", async () => {
    // It is never let go on: the signal alone ends it.
    const fakes = { node: heldNode("runner.mjs", `exec ${node} "$@"`) };
    const pod = new Pod(runner, { command: agent, first: true, fakes });
    await pod.until(() => existsSync(join(pod.folder, "held")));
    pod.signal("SIGTERM");
    expectNoAgent(await pod.ended(), "sh");
  });

  it("is repeated where it was lost between fork and exec, though the runner has written a seal since", async () => {
    // As that child does, this one takes the first signal by the shell's trap, and forgets it.
    const loses = `trap 'lost=1' TERM; : >"\${0%/*}/../held"; until [ -n "$lost" ]; do sleep 0.02; done; trap - TERM`;
    const fakes = { node: `#!/bin/sh\ncase "$*" in *runner.mjs*) ${loses} ;; esac\nexec ${node} "$@"\n` };
    const pod = new Pod(runner, { command: sh("echo agent; exec sleep 300"), first: true, fakes });
    await pod.until(() => existsSync(join(pod.folder, "held")));
    pod.signal("SIGTERM");
    const { seal } = await pod.ended();
    expect(seal).toMatchObject({ runner: "node", ending: "terminated" });
    expect(seal.partial).toBeUndefined();
  });

  it("is seen by a Node that is busy with its own start", async () => {
    const hold = `cd "\${word%/*}"; mv run.json saved.json; mkfifo run.json`;
    const holds = `for word; do case "$word" in */runner.mjs) ${hold}; break ;; esac; done`;
    const fakes = { node: `#!/bin/sh\n(PATH=$PATH:/bin:/usr/bin; ${holds})\nexec ${node} "$@"\n` };
    const pod = new Pod(runner, { command: agent, first: true, fakes });
    let spec = -1;
    await pod.until(() => {
      spec = openIfRead(join(pod.folder, "secret folder", "run.json"));
      return spec >= 0;
    });
    pod.signal("SIGTERM");
    // The second is what watches over the signal that was passed on.
    await pod.until(() => pod.children.length === 2);
    writeFileSync(spec, readFileSync(join(pod.folder, "secret folder", "saved.json")));
    closeSync(spec);
    expectNoAgent(await pod.ended(), "node");
  });
});

/** Opens a pipe for writing, once it is a pipe and somebody reads it; -1 before. */
function openIfRead(path: string): number {
  try {
    if (!statSync(path).isFIFO()) return -1;
    return openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
  } catch {
    return -1;
  }
}
