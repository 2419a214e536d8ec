/** Claude Code from a second image: the agent's own has neither it nor Node. */
import { expect, it } from "vitest";
import { jobs } from "../../src/kubernetes/resource-types.ts";
import { policyOf } from "../support/policy.ts";
import { variant } from "../support/variant.ts";
import { answering } from "./support/agent-images.ts";
import { startRun } from "./support/run.ts";
import { checkOf, levelOf, type TesterBench, useTesterBench } from "./support/tester-bench.ts";
import { onDevcluster } from "./support/use-place.ts";

let bench: TesterBench;
useTesterBench((opened) => {
  bench = opened;
});

const env = { ANTHROPIC_API_KEY: "a-key" };
const claude = { sh: answering("hello") };
const RECORDERS = ["same", "separate"] as const;

onDevcluster("Claude Code from a second image", () => {
  it.each(RECORDERS)("runs in an image that has neither it nor Node, with the recorder %s", async (recorder) => {
    const { place, images } = bench;
    const config = {
      image: await images.add({ without: ["node"] }),
      cliImage: await images.add({ claude }),
      command: "claude",
    };
    const policy = policyOf({ trust: "full", recorder, pod: { readOnlyRootFilesystem: true } });
    const run = startRun(place, { agent: "", config, dependencies: { readPolicy: () => Promise.resolve(policy) } });
    const result = await run.result;
    expect(result, result.errorMessage ?? "").toMatchObject({ exitCode: 0, errorCode: null });
    expect(result.resultJson?.transcript).toMatchObject({ complete: true });
  });

  it("passes the environment test, with the second image's Node", async () => {
    const image = await bench.images.add({ without: ["node"] });
    const result = await bench.examine({ image, cliImage: await bench.images.add({ claude }), env });
    expect(levelOf(result, "claude_hello_probe_passed")).toBe("info");
    expect(checkOf(result, "claude_command_resolvable")?.message).toContain("cli/bin/claude, version 2.1.330");
    expect(levelOf(result, "k8s_image_no_node")).toBeUndefined();
    expect(await bench.probesLeft()).toEqual([]);
  });

  variant("goes before one in the agent's image", async () => {
    const own = await bench.images.add({ claude: { sh: answering("good day") } });
    const result = await bench.examine({ image: own, cliImage: await bench.images.add({ claude }), env });
    expect(levelOf(result, "claude_hello_probe_passed")).toBe("info");
  });

  variant("says so when the second image has none either", async () => {
    const image = await bench.images.add({ without: ["node"] });
    const result = await bench.examine({ image, cliImage: await bench.images.add({}), env });
    expect(result.status).toBe("fail");
    const said = JSON.stringify(result.checks.filter(({ level }) => level === "error"));
    expect(said).toContain("the image has no program claude in its PATH");
    expect(await bench.probesLeft()).toEqual([]);
  });

  it("asks a cluster for an image volume, which the devcluster stores and cannot mount", async () => {
    const { place, images } = bench;
    const config = { image: await images.add({}), cliImage: await images.add({ claude }), cli: "volume" };
    const run = startRun(place, { agent: "true", config: { ...config, podStartTimeoutSec: 2 } });
    await run.event("k8s.job.created");
    const labelSelector = `paperclip.io/run-id=${run.runId}`;
    const [stored] = (await place.admin.list(jobs, place.namespace, { labelSelector })).items;
    expect(stored?.spec?.template.spec?.volumes).toContainEqual({
      name: "cli",
      image: { reference: config.cliImage, pullPolicy: "IfNotPresent" },
    });
    run.cancel();
    await run.result;
  });
});
