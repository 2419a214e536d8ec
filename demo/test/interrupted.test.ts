/** What a person or a pipe interrupts: the demo cleans up, and says by its exit code how it ended. */
import { expect, test } from "vitest";
import { KubernetesClient } from "../../src/kubernetes/client.ts";
import { openCluster } from "../../src/kubernetes/cluster.ts";
import { pods } from "../../src/kubernetes/resource-types.ts";
import { some } from "../../test/support/thoroughness.ts";
import { variant } from "../../test/support/variant.ts";
import { bash, type Script, say, stall, text } from "../scripted-model/index.ts";
import { modelOf } from "./support/model-of.ts";
import { DemoProcess } from "./support/run-demo.ts";

/** Says nothing any more once its command has run: a run that would go on for ever. */
const stuck: Script = (asked) => (asked.toolResult ? stall([text("Hm")]) : say([bash("echo now")]));

variant("--kill, and Ctrl-C when the second process has the run: cleans up", async () => {
  await using demo = await DemoProcess.start(["--kill", "--model-url", (await modelOf(stuck)).url]);
  await demo.says("a new process");
  demo.child.kill("SIGINT");
  expect(await demo.ends(), demo.stderr).toBe(130);
  expect(demo.stdout).toContain("nothing: no Job, no pod, no Secret");
  expect(await demo.leftBehind()).toEqual([]);
});

test.each(
  some(
    [
      ["SIGINT", 130],
      ["SIGHUP", 129],
    ] as const,
    2,
  ),
)("%s stops Claude, cleans up and exits with %d", async (signal, code) => {
  await using demo = await DemoProcess.start(["--model-url", (await modelOf(stuck)).url]);
  await demo.says("gets    now");
  demo.child.kill(signal);
  expect(await demo.ends(), demo.stderr).toBe(code);
  expect(demo.stdout).toContain("nothing: no Job, no pod, no Secret");
  expect(await demo.leftBehind()).toEqual([]);
});

variant.each([[[]], [["--json"]]])(
  "%j into a pipe that closes, as with `| head`: cleans up and ends",
  async (options) => {
    await using demo = await DemoProcess.start([...options, "--model-url", (await modelOf(stuck)).url]);
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
    await using demo = await DemoProcess.startPiped(["--model-url", (await modelOf(stuck)).url], "sed '/says    Hm/q'");
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
