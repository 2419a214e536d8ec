/** The demo itself: a process, the devcluster, the adapter and the real Claude Code CLI. */
import { afterEach, expect, test } from "vitest";
import { KubernetesClient } from "../../src/kubernetes/client.ts";
import { openCluster } from "../../src/kubernetes/cluster.ts";
import { pods } from "../../src/kubernetes/resource-types.ts";
import { some } from "../../test/support/thoroughness.ts";
import { variant } from "../../test/support/variant.ts";
import {
  bash,
  refusals,
  type Script,
  type ScriptedModel,
  say,
  stall,
  startScriptedModel,
  text,
} from "../scripted-model/index.ts";
import { DemoProcess } from "./support/run-demo.ts";

let model: ScriptedModel | undefined;
afterEach(async () => {
  await model?.stop();
});

async function modelUrl(script: Script): Promise<string> {
  model = await startScriptedModel({ script });
  return model.url;
}

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
  await using demo = await DemoProcess.start([
    "--json",
    "--prompt",
    prompt,
    "--model-url",
    await modelUrl([say([text("Good.")])]),
  ]);
  expect(await demo.ends(), demo.stderr).toBe(0);
  expect(demo.events.find(({ event }) => event === "verdict")).toMatchObject({
    result: { exitCode: 0, summary: "Good." },
  });
  expect(demo.events.at(-1)).toMatchObject({ event: "left-behind", objects: [] });
  expect(model?.requests[0]?.prompt).toBe(prompt);
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

variant("--kill, and Ctrl-C when the second process has the run: cleans up", async () => {
  await using demo = await DemoProcess.start(["--kill", "--model-url", await modelUrl(stuck)]);
  await demo.says("a new process");
  demo.child.kill("SIGINT");
  expect(await demo.ends(), demo.stderr).toBe(130);
  expect(demo.stdout).toContain("nothing: no Job, no pod, no Secret");
  expect(await demo.leftBehind()).toEqual([]);
});

test("a run that fails: exit code 1, what happened, how we know and what to do", async () => {
  await using demo = await DemoProcess.start(["--model-url", await modelUrl([refusals.credit()])]);
  expect(await demo.ends()).toBe(1);
  expect(demo.stdout).toMatch(/✗ .*[Cc]redit/);
  expect(demo.stdout).toMatch(/because /);
  expect(demo.stdout).toMatch(/fix /);
  expect(demo.stdout).toContain("nothing: no Job, no pod, no Secret");
  expect(await demo.leftBehind()).toEqual([]);
});

/** Says nothing any more once its command has run: a run that would go on for ever. */
const stuck: Script = (asked) => (asked.toolResult ? stall([text("Hm")]) : say([bash("echo now")]));

test.each(
  some(
    [
      ["SIGINT", 130],
      ["SIGHUP", 129],
    ] as const,
    2,
  ),
)("%s stops Claude, cleans up and exits with %d", async (signal, code) => {
  await using demo = await DemoProcess.start(["--model-url", await modelUrl(stuck)]);
  await demo.says("gets    now");
  demo.child.kill(signal);
  expect(await demo.ends(), demo.stderr).toBe(code);
  expect(demo.stdout).toContain("nothing: no Job, no pod, no Secret");
  expect(await demo.leftBehind()).toEqual([]);
});

variant.each([[[]], [["--json"]]])(
  "%j into a pipe that closes, as with `| head`: cleans up and ends",
  async (options) => {
    await using demo = await DemoProcess.start([...options, "--model-url", await modelUrl(stuck)]);
    await demo.says("Running");
    demo.child.stdout?.destroy();
    expect(await demo.ends(), demo.stderr).toBe(141);
    expect(demo.stderr).toBe("");
    expect(await demo.leftBehind()).toEqual([]);
  },
);

variant(
  "a shell's pipe whose reader leaves at the last line, with nothing to be told for ever: no error, and an end",
  async () => {
    await using demo = await DemoProcess.startPiped(["--model-url", await modelUrl(stuck)], "sed '/says    Hm/q'");
    expect(await demo.ends()).toBe(0);
    expect(demo.stdout).toMatch(/says {4}Hm\n$/);
    expect(demo.stderr).toBe("exit code 141\n");
    expect(await demo.leftBehind()).toEqual([]);
  },
);

test("--help into a pipe that closes is no failure", async () => {
  await using demo = await DemoProcess.start(["--help"]);
  demo.child.stdout?.destroy();
  expect(await demo.ends(), demo.stderr).toBe(0);
});

test("--keep leaves the run for a look until Ctrl-C, which is then no failure", async () => {
  await using demo = await DemoProcess.start(["--keep"]);
  await demo.says("are kept: kubectl --kubeconfig");
  const [, kubeconfig = ""] = /--kubeconfig\s+(\S+)/.exec(demo.stdout) ?? [];
  const client = new KubernetesClient(await openCluster({ kubeconfig }));
  const kept = await client.list(pods, "default");
  await client.cluster.close();
  // The container has ended; the pod's phase may follow a moment later.
  expect(kept.items.map((pod) => pod.status?.containerStatuses?.[0]?.state?.terminated?.exitCode)).toEqual([0]);
  demo.child.kill("SIGINT");
  expect(await demo.ends(), demo.stderr).toBe(0);
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
