/** The environment test's Job among runs, and after its process was killed; and a cluster that does not answer. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { expect, it } from "vitest";
import { ClusterRegistry } from "../../src/kubernetes/cluster-registry.ts";
import { jobs } from "../../src/kubernetes/resource-types.ts";
import { LABELS, PROBES } from "../../src/run/shared/names.ts";
import { superviseOnce } from "../../src/run/supervise/supervise.ts";
import { programOf } from "../support/program.ts";
import { variant } from "../support/variant.ts";
import { answering } from "./support/agent-images.ts";
import { Gates } from "./support/gate.ts";
import { LeapingClock } from "./support/leaping-clock.ts";
import { INIT, RESULT, startRun } from "./support/run.ts";
import { levelOf, type TesterBench, useTesterBench } from "./support/tester-bench.ts";
import { onDevcluster } from "./support/use-place.ts";

let bench: TesterBench;
useTesterBench((opened) => {
  bench = opened;
});

onDevcluster("a probe and the runs of agents", () => {
  const waits = async (gates: Gates) => ({
    image: await bench.images.add({
      claude: { sh: `${answering("hello")}; ${gates.reached("up")}; ${gates.waitFor("go")}` },
    }),
    env: { ANTHROPIC_API_KEY: "a-key" },
  });

  it("do not see each other: a run of the same id starts, and the supervisor leaves a living probe alone", async () => {
    const gates = await Gates.make();
    const testing = bench.examine(await waits(gates));
    await gates.untilReached("up");
    const [probe] = (await bench.place.admin.list(jobs, bench.place.namespace, { labelSelector: PROBES })).items;
    const agentId = probe?.metadata.labels?.[LABELS.agentId] ?? "";
    expect(agentId).not.toBe("");
    const run = startRun(bench.place, { agent: `cat >/dev/null; ${INIT}; ${RESULT}`, agentId });
    expect(await run.result).toMatchObject({ exitCode: 0 });
    await supervise(new ClusterRegistry());
    await gates.open("go");
    expect(levelOf(await testing, "claude_hello_probe_passed")).toBe("info");
    expect(await bench.probesLeft()).toEqual([]);
    await gates.remove();
  });

  it.each([
    ["the next test", () => bench.examine({ image: "any", helloProbeTimeoutSec: 1 }, {}, later())],
    ["the supervisor", () => supervise(later())],
  ])("a probe whose process was killed is removed by %s", async (_, look) => {
    await leaveProbe("held");
    await leaveProbe("running");
    await look();
    expect(await bench.probesLeft()).toEqual([]);
  });
});

/** Clusters as they are an hour from now. */
function later(): ClusterRegistry {
  const clock = new LeapingClock();
  clock.leap(3_600_000);
  return new ClusterRegistry({ clock });
}

async function supervise(clusters: ClusterRegistry): Promise<void> {
  const { kubeconfig, namespace } = bench.place;
  await superviseOnce({
    dependencies: { env: {}, clusters, paperclipUrl: () => bench.place.paperclip.url },
    places: [{ cluster: { kubeconfig }, namespace }],
    signal: new AbortController().signal,
  });
}

/** As a process leaves it that is killed before it lets the Job go, or while the pod runs. */
async function leaveProbe(how: "held" | "running"): Promise<void> {
  const gates = await Gates.make();
  const claude = { sh: `${answering("hello")}; ${gates.reached("up")}; sleep 600` };
  const { kubeconfig, namespace } = bench.place;
  const config = {
    kubeconfig,
    namespace,
    image: await bench.images.add({ claude }),
    env: { ANTHROPIC_API_KEY: "a-key" },
  };
  const held = {
    match: { method: "POST", path: /\/secrets$/, query: /^(?!.*dryRun)/ },
    action: { kind: "delay", milliseconds: 60_000 },
  } as const;
  const fault = how === "held" ? bench.place.devcluster.faults.add(held) : null;
  const child = fork(programOf(new URL("support/tester-main.ts", import.meta.url)), {
    execArgv: [],
    stdio: "inherit",
  });
  child.send(config);
  if (fault) while (fault.hits === 0) await bench.place.admin.clock.sleep(20);
  else await gates.untilReached("up");
  child.kill("SIGKILL");
  await once(child, "exit");
  fault?.remove();
  const left = await bench.place.admin.list(jobs, namespace, { labelSelector: PROBES });
  expect(left.items.length).toBeGreaterThan(0);
  await gates.remove();
}

onDevcluster("a cluster that hangs", () => {
  variant.each([
    ["altogether", { match: {}, action: { kind: "delay", milliseconds: 120_000 } }, "k8s_api_unreachable"],
    [
      "when the probe is created",
      {
        match: { method: "POST", path: /\/jobs$/, query: /^(?!.*dryRun)/ },
        action: { kind: "delay", milliseconds: 120_000 },
      },
      "claude_hello_probe_timed_out",
    ],
  ] as const)("%s does not hold up the answer", async (_, rule, code) => {
    const fault = bench.place.devcluster.faults.add(rule);
    const began = performance.now();
    const result = await bench.examine({ image: await bench.images.add({}), helloProbeTimeoutSec: 1 });
    expect(result.checks.map((check) => check.code)).toContain(code);
    expect(performance.now() - began).toBeLessThan(30_000);
    fault.remove();
  });
});
