/** `claude-k8s doctor` without Paperclip, and `logs` of a run whose record a container of its own keeps. */
import { expect, it } from "vitest";
import { stringify } from "yaml";
import { policyOf } from "../support/policy.ts";
import { answering } from "./support/agent-images.ts";
import { type Cli, useCli } from "./support/cli.ts";
import { Gates } from "./support/gate.ts";
import { INIT, RESULT, startRun } from "./support/run.ts";
import { type TesterBench, useTesterBench } from "./support/tester-bench.ts";
import { onDevcluster } from "./support/use-place.ts";

let bench: TesterBench;
let cli: Cli;
useTesterBench((opened) => {
  bench = opened;
});
useCli((opened) => {
  cli = opened;
});

onDevcluster("claude-k8s doctor", () => {
  it("tests a configuration of a file with the cluster of the flags, and removes its Job; manifest takes the same", async () => {
    const image = await bench.images.add({ claude: { sh: answering("hello") } });
    const config = {
      image,
      env: { ANTHROPIC_API_KEY: "a-key" },
      resources: { requests: { cpu: "50m", memory: "64Mi" }, limits: { memory: "512Mi" } },
    };
    const args = ["doctor", "--config", "-", "--kubeconfig", bench.place.adminKubeconfig, "-n", bench.place.namespace];
    const answer = await cli.run(args, { input: stringify(config) });
    expect(answer, answer.stdout).toMatchObject({ exitCode: 0 });
    expect(answer.stdout).toMatch(/^ok +The API server answers/m);
    expect(answer.stdout).toMatch(/^ok +.*hello/im);
    expect(answer.stdout).toMatch(/^A run of this agent would work/m);
    expect(await bench.probesLeft()).toEqual([]);

    const planned = await cli.run(["manifest", ...args.slice(1)], { input: stringify(config) });
    expect(planned, planned.stderr).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(new RegExp(`^  namespace: ${bench.place.namespace}\\b`, "m")),
    });

    const without = await cli.run([...args, "--no-probe", "--json"], {
      input: stringify({ ...config, serviceAccountName: "x" }),
    });
    expect(without).toMatchObject({ exitCode: 1 });
    expect(JSON.parse(without.stdout)).toMatchObject({
      status: "fail",
      checks: expect.arrayContaining([expect.objectContaining({ code: "k8s_policy_refused" })]),
    });
  });
});

onDevcluster("claude-k8s logs, with recorder: separate", () => {
  it("reads the recorder's transcript, and each container's own log by its name", async () => {
    const gates = await Gates.make();
    const { place } = bench;
    const image = await bench.images.add({});
    const policy = policyOf({ trust: "full", recorder: "separate" });
    const agent = `cat >/dev/null; ${INIT}; echo mark; ${gates.waitFor("go")}; ${RESULT}`;
    const run = startRun(place, {
      agent,
      config: { image },
      dependencies: { readPolicy: () => Promise.resolve(policy) },
    });
    await run.said("mark");
    const env = { KUBECONFIG: place.kubeconfig };
    const soFar = await cli.run(["logs", "--stream-json", run.runId], { env });
    expect(soFar).toMatchObject({ exitCode: 0, stdout: run.stdout() });
    const raw = await cli.run(["logs", "--container", "recorder", run.runId], { env });
    expect(raw.stdout).toMatch(/\|mark$/m);
    expect(await cli.run(["logs", "--container", "claude", run.runId], { env })).toMatchObject({ exitCode: 0 });
    const none = await cli.run(["logs", "--container", "nope", run.runId], { env });
    expect(none).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(/has no container nope\. It has recorder, claude/),
    });
    await gates.open("go");
    expect(await run.result).toMatchObject({ exitCode: 0 });
    await gates.remove();
  });
});
