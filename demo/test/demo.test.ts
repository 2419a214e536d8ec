/** The demo itself: a process, the devcluster, the adapter and the real Claude Code CLI. */
import { expect, test } from "vitest";
import { refusals, say, text } from "../scripted-model/index.ts";
import { modelOf } from "./support/model-of.ts";
import { DemoProcess } from "./support/run-demo.ts";

test("without options: a run that succeeds, told from the Job to the verdict, and nothing left behind", async () => {
  await using demo = await DemoProcess.start([]);
  expect(await demo.ends(), demo.stderr).toBe(0);
  const told = demo.stdout;
  const inOrder = [
    /cluster .*devcluster/,
    /model .*scripted/,
    /Job .* created/,
    /pod .* Running/,
    /claude {2}session [0-9a-f-]{36}/,
    /says {4}Let me look around/,
    /calls {3}\$ echo pod: \$HOSTNAME/,
    /gets {4}pod: ac-demo-/,
    /says {4}I run in the pod ac-demo-.* and work in \//,
    /✓ /,
    /session {3}[0-9a-f-]{36}/,
    /lines {5}\d+ printed, all arrived/,
    /tokens {4}[\d,]+ in/,
    /cost {6}\$0\.\d{4} by list price; nothing is billed/,
    /time {6}pod running after/,
    /nothing: no Job, no pod, no Secret/,
  ];
  const places = inOrder.map((words) => told.search(words));
  expect(places, told).toEqual([...places].sort((a, b) => a - b));
  expect(places, told).not.toContain(-1);
  expect(told).not.toContain("\u001b");
  expect(await demo.leftBehind()).toEqual([]);
});

test("--json gives the same story to a machine, and --prompt reaches Claude as it was typed", async () => {
  const prompt = "Ünïcode, {{context.runId}} and $HOME\nas typed";
  const model = await modelOf([say([text("Good.")])]);
  await using demo = await DemoProcess.start(["--json", "--prompt", prompt, "--model-url", model.url]);
  expect(await demo.ends(), demo.stderr).toBe(0);
  expect(demo.events.find(({ event }) => event === "verdict")).toMatchObject({
    result: { exitCode: 0, summary: "Good." },
  });
  expect(demo.events.at(-1)).toMatchObject({ event: "left-behind", objects: [] });
  expect(model.requests[0]?.prompt).toBe(prompt);
});

test("--kill: the process with the adapter is killed, and a new one ends the run with each line once", async () => {
  await using demo = await DemoProcess.start(["--kill", "--json"]);
  expect(await demo.ends(), demo.stderr).toBe(0);
  const told = demo.events.filter(({ event }) => event === "process").map(({ text: words }) => words);
  expect(told).toEqual([
    expect.stringMatching(/^kill -9 \d+: /),
    expect.stringMatching(/^a new process, \d+, /),
    expect.stringMatching(/^the \d+ lines of before came again, byte for byte/),
  ]);
  const lines = demo.events.flatMap(({ event, line }) =>
    event === "log" && String(line).startsWith("{") ? [line] : [],
  );
  expect(new Set(lines).size).toBe(lines.length);
  const transcript = { complete: true, lines: lines.length };
  expect(demo.events.find(({ event }) => event === "verdict")).toMatchObject({
    result: { exitCode: 0, resultJson: { transcript } },
  });
  expect(lines.join("\n")).toContain("step 5 of 5");
  expect(await demo.leftBehind()).toEqual([]);
});

test("a run that fails: exit code 1, what happened, how we know and what to do", async () => {
  await using demo = await DemoProcess.start(["--model-url", (await modelOf([refusals.credit()])).url]);
  expect(await demo.ends()).toBe(1);
  expect(demo.stdout).toMatch(/✗ .*[Cc]redit/);
  expect(demo.stdout).toMatch(/because /);
  expect(demo.stdout).toMatch(/fix /);
  expect(demo.stdout).toContain("nothing: no Job, no pod, no Secret");
  expect(await demo.leftBehind()).toEqual([]);
});

test("a cluster that is not there: a clear sentence and exit code 1", async () => {
  await using demo = await DemoProcess.start(["--kubeconfig", "/nowhere/config", "--image", "any"]);
  expect(await demo.ends()).toBe(1);
  expect(demo.stdout).toMatch(/✗ .*\/nowhere\/config/);
  expect(demo.stdout).toMatch(/fix /);
  expect(await demo.leftBehind()).toEqual([]);
});

test("wrong usage: exit code 2", async () => {
  await using demo = await DemoProcess.start(["--image", "x"]);
  expect(await demo.ends()).toBe(2);
  expect(demo.stderr).toContain("--kubeconfig");
});
