/** The environment test's own Job, on images that have everything or lack something: what it finds, and that it leaves nothing. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm, symlink } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { AdapterEnvironmentTestResult } from "@paperclipai/adapter-utils";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import {
  refusals,
  type ScriptedModel,
  say,
  stall,
  startScriptedModel,
  type Turn,
  text,
} from "../../demo/scripted-model/index.ts";
import type { Devcluster } from "../../devcluster/src/index.ts";
import { parseAgentConfig } from "../../src/config/agent-config.ts";
import type { CheckContext } from "../../src/doctor/check.ts";
import { checkAdmission } from "../../src/doctor/checks/admission.ts";
import { checkPodStart } from "../../src/doctor/checks/pod-start.ts";
import { contextOfTest } from "../../src/doctor/context.ts";
import { testEnvironment } from "../../src/doctor/test-environment.ts";
import { ClusterRegistry } from "../../src/kubernetes/cluster-registry.ts";
import { jobs, pods, secrets } from "../../src/kubernetes/resource-types.ts";
import { prepareProbe, type RunPlan } from "../../src/run/plan/plan.ts";
import { runProbe } from "../../src/run/probe.ts";
import { realDependencies } from "../../src/run/shared/dependencies.ts";
import { LABELS, PROBES } from "../../src/run/shared/names.ts";
import { placesFile, rememberPlace, superviseOnce } from "../../src/run/supervise/supervise.ts";
import { AgentImages, answering } from "./support/agent-images.ts";
import { Gates } from "./support/gate.ts";
import { makeClaim } from "./support/host-pod.ts";
import { LeapingClock } from "./support/leaping-clock.ts";
import type { Place } from "./support/place.ts";
import { INIT, RESULT, startRun } from "./support/run.ts";
import { onDevcluster, useDevcluster } from "./support/use-place.ts";

let place: Place & { readonly devcluster: Devcluster };
const registry = new ClusterRegistry();
let images: AgentImages;
let paperclip: Server;
let apiUrl: string;
const models: ScriptedModel[] = [];
useDevcluster((opened, devcluster) => {
  place = { ...opened, devcluster };
});
beforeAll(async () => {
  if (process.env.TEST_KUBECONFIG) return;
  images = await AgentImages.make(place);
  paperclip = createServer((_, response) => response.end('{"status":"ok"}'));
  await new Promise<void>((resolve) => paperclip.listen(0, resolve));
  apiUrl = `http://${ownAddress()}:${(paperclip.address() as AddressInfo).port}`;
});
afterEach(async () => {
  for (const model of models.splice(0)) await model.stop();
});
afterAll(async () => {
  paperclip?.close();
  await images?.remove();
});

/** Of this machine, and no loopback where it has another one. */
const ownAddress = (): string =>
  Object.values(networkInterfaces())
    .flat()
    .find((one) => one?.family === "IPv4" && !one.internal)?.address ?? "127.0.0.1";

const examine = (config: Record<string, unknown>, env: NodeJS.ProcessEnv = {}, clusters = registry) =>
  testEnvironment(
    {
      adapterType: "claude_k8s",
      companyId: "company",
      config: {
        kubeconfig: place.kubeconfig,
        namespace: place.namespace,
        "resources.requests.cpu": "50m",
        "resources.requests.memory": "64Mi",
        "resources.limits.memory": "512Mi",
        ...config,
      },
    },
    { env: { PAPERCLIP_K8S_API_URL: apiUrl, ...env }, clusters },
  );

async function withModel(turn: Turn): Promise<Record<string, string>> {
  const model = await startScriptedModel({ script: [turn] });
  models.push(model);
  return {
    ANTHROPIC_BASE_URL: model.url,
    ANTHROPIC_API_KEY: "a-very-secret-key",
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
  };
}

const checkOf = ({ checks }: AdapterEnvironmentTestResult, code: string) => checks.find((check) => check.code === code);
const levelOf = (result: AdapterEnvironmentTestResult, code: string): string | undefined =>
  checkOf(result, code)?.level;
const troubles = ({ checks }: AdapterEnvironmentTestResult): string[] =>
  checks.filter(({ level }) => level !== "info").map(({ code }) => code);

async function probesLeft(): Promise<string[]> {
  const deadline = Date.now() + 30_000;
  for (;;) {
    const found = await Promise.all(
      [jobs, pods, secrets].map(async (type) => {
        const { items } = await place.admin.list(type as typeof jobs, place.namespace, { labelSelector: PROBES });
        return items.map(({ metadata }) => `${type.kind} ${metadata.name}`);
      }),
    );
    if (found.flat().length === 0 || Date.now() > deadline) return found.flat();
    await place.admin.clock.sleep(100);
  }
}

onDevcluster("the hello probe, with Claude Code itself", () => {
  it("is answered, on an image that has all, and leaves nothing in the cluster or in the home", async () => {
    const env = await withModel(say([text("Hello!")]));
    const home = await makeClaim(place, "home-of-probe");
    const image = await images.add({ claude: "real" });
    const result = await examine({ image, env, homeClaim: "home-of-probe" });
    expect(troubles(result)).toEqual([]);
    expect(result.status).toBe("pass");
    const expected = [
      "claude_hello_probe_passed",
      "claude_command_resolvable",
      "k8s_home_writable",
      "k8s_api_url_answers",
    ];
    for (const code of expected) expect(levelOf(result, code), code).toBe("info");
    expect(checkOf(result, "claude_command_resolvable")?.message).toContain("2.1.330");
    expect(await probesLeft()).toEqual([]);
    const kept = await readdir(home, { recursive: true });
    expect(kept.filter((path) => path.endsWith(".jsonl") || path.includes("workspaces"))).toEqual([]);
  });

  it("is refused by the model's API for a wrong key, within seconds", async () => {
    const env = await withModel(refusals.authentication());
    const result = await examine({ image: await images.add({ claude: "real" }), env });
    expect(result.status).toBe("fail");
    expect(checkOf(result, "claude_hello_probe_auth_required")).toMatchObject({
      level: "error",
      message: expect.stringContaining("401"),
      hint: expect.stringContaining("ANTHROPIC_API_KEY"),
    });
    expect(JSON.stringify(result)).not.toContain("a-very-secret-key");
    expect(await probesLeft()).toEqual([]);
  });

  it("needs a credential: without any, the check says what to set", async () => {
    const { ANTHROPIC_API_KEY: _, ...env } = await withModel(say([text("Hello!")]));
    const result = await examine({ image: await images.add({ claude: "real" }), env });
    expect(checkOf(result, "claude_credentials_missing")?.hint).toContain("CLAUDE_CODE_OAUTH_TOKEN");
    expect(levelOf(result, "claude_hello_probe_auth_required")).toBe("error");
  });

  it.each([
    ["a limit that is used up", refusals.quota(4_000_000_000), "claude_hello_probe_usage_limited", "warn"],
    ["an overloaded API", refusals.overloaded(), "claude_hello_probe_transient_upstream", "warn"],
    ["an unknown model", refusals.unknownModel("no-such"), "claude_hello_probe_failed", "error"],
    ["another word", say([text("Good day")]), "claude_hello_probe_unexpected_output", "warn"],
  ] as const)("tells %s apart", async (_, turn, code, level) => {
    const result = await examine({ image: await images.add({ claude: "real" }), env: await withModel(turn) });
    expect(levelOf(result, code)).toBe(level);
  });

  it("does not wait for a model that says nothing", async () => {
    const env = await withModel(stall());
    const image = await images.add({ claude: "real" });
    const result = await examine({ image, env, helloProbeTimeoutSec: 4 });
    expect(checkOf(result, "claude_hello_probe_timed_out")).toMatchObject({
      level: "warn",
      message: "Claude Code started and did not answer within 4 s.",
    });
    // What its pod said before is of use all the same.
    expect(levelOf(result, "claude_command_resolvable")).toBe("info");
    expect(await probesLeft()).toEqual([]);
  });
});

onDevcluster("an image", () => {
  const claude = { sh: answering("hello") };
  const env = { ANTHROPIC_API_KEY: "a-key" };

  it("without Claude Code", async () => {
    const result = await examine({ image: await images.add({}), env });
    expect(checkOf(result, "claude_command_unresolvable")).toMatchObject({
      level: "error",
      message: "The image has no program claude.",
    });
    expect(await probesLeft()).toEqual([]);
  });

  it("without a shell that Claude Code can use, and without git", async () => {
    const image = await images.add({ claude, without: ["bash", "rbash", "zsh", "rzsh", "git"] });
    const result = await examine({ image, env });
    expect(levelOf(result, "claude_hello_probe_passed")).toBe("info");
    expect(levelOf(result, "k8s_image_no_bash")).toBe("error");
    expect(levelOf(result, "k8s_image_no_git")).toBe("warn");
  });

  it("without Node", async () => {
    const result = await examine({ image: await images.add({ claude, without: ["node"] }), env });
    expect(levelOf(result, "claude_hello_probe_passed")).toBe("info");
    expect(levelOf(result, "k8s_image_no_node")).toBe("warn");
    expect(levelOf(result, "k8s_api_url_answers")).toBe("info");
  });

  it("that never comes, in the registry's words", async () => {
    const result = await examine({ image: "registry.invalid/no/such:1", env, helloProbeTimeoutSec: 3 });
    expect(result.status).toBe("fail");
    expect(checkOf(result, "k8s_pod_image_error")).toMatchObject({
      level: "error",
      message: expect.stringMatching(/registry\.invalid\/no\/such:1: not found/),
      hint: expect.stringContaining("imagePullSecrets"),
    });
    expect(await probesLeft()).toEqual([]);
  });
});

onDevcluster("the pod", () => {
  const config = async () => ({
    image: await images.add({ claude: { sh: answering("hello") } }),
    env: { ANTHROPIC_API_KEY: "a-key" },
  });

  it("that finds no node within the time says so, and what may help", async () => {
    const result = await examine({ ...(await config()), nodeSelector: { "no-such": "node" }, helloProbeTimeoutSec: 2 });
    expect(levelOf(result, "claude_hello_probe_timed_out")).toBe("warn");
    expect(checkOf(result, "k8s_pod_unscheduled")).toMatchObject({
      level: "warn",
      message: expect.stringContaining("Unschedulable"),
      hint: expect.stringContaining("nodeSelector"),
    });
    expect(await probesLeft()).toEqual([]);
  });

  it("cannot write to its home", async () => {
    // Not even root can make a file there.
    const folder = await makeClaim(place, "read-only-home");
    await rm(folder, { recursive: true });
    await symlink("/proc", folder);
    const result = await examine({ ...(await config()), homeClaim: "read-only-home" });
    expect(checkOf(result, "k8s_home_not_writable")).toMatchObject({
      level: "error",
      message: expect.stringContaining("claim read-only-home"),
      hint: expect.stringContaining("chown"),
    });
    await rm(folder);
  });

  it("cannot reach Paperclip", async () => {
    const nowhere = { PAPERCLIP_K8S_API_URL: `http://${ownAddress()}:9` };
    const result = await examine(await config(), nowhere);
    expect(checkOf(result, "k8s_api_url_no_answer")).toMatchObject({
      level: "warn",
      message: expect.stringContaining(":9"),
      hint: expect.stringContaining("PAPERCLIP_K8S_API_URL"),
    });
  });

  it("has a log that nobody can read, and its end is known all the same", async () => {
    const fault = place.devcluster.faults.add({ match: { path: /\/log$/ }, action: { kind: "respond", code: 500 } });
    const result = await examine({ ...(await config()), helloProbeTimeoutSec: 20 });
    fault.remove();
    expect(levelOf(result, "claude_hello_probe_passed")).toBe("info");
    expect(levelOf(result, "k8s_log_unreadable")).toBe("error");
    expect(await probesLeft()).toEqual([]);
  });

  it("is refused by Pod Security", async () => {
    const plan = await brokenPlan(await config());
    const lease = await registry.acquire({ kubeconfig: place.kubeconfig });
    const context = { client: lease.client, plan, call: {} } as unknown as CheckContext;
    expect(await checkAdmission(context)).toMatchObject([
      {
        level: "warn",
        code: "k8s_dry_run_job_warning",
        message: expect.stringContaining('violate PodSecurity "restricted'),
      },
    ]);
    const probe = await runProbe({ lease, plan, limitSec: 30 });
    expect(checkPodStart({ ...context, probe, limitSec: 30 })).toMatchObject([
      { level: "error", code: "k8s_pod_admission", hint: expect.stringContaining("Pod Security level") },
    ]);
    await lease.release();
    expect(await probesLeft()).toEqual([]);
  });
});

/** As a webhook may have changed it, for no setting of ours makes a pod that the restricted level refuses. */
async function brokenPlan(config: Record<string, unknown>): Promise<RunPlan> {
  const agent = parseAgentConfig({ namespace: place.namespace, ...config });
  const lease = await registry.acquire({ kubeconfig: place.kubeconfig });
  const ctx = contextOfTest("company", {});
  const deps = { ...realDependencies(), env: {} };
  const hostPod = { kind: "none", why: "" } as const;
  const plan = await prepareProbe(ctx, agent, lease.client, deps, hostPod, { limitSec: 30 });
  await lease.release();
  const broken = structuredClone(plan);
  const pod = broken.job.spec?.template.spec;
  if (pod) pod.securityContext = {};
  return broken;
}

onDevcluster("a probe and the runs of agents", () => {
  const waits = async (gates: Gates) => ({
    image: await images.add({
      claude: { sh: `${answering("hello")}; ${gates.reached("up")}; ${gates.waitFor("go")}` },
    }),
    env: { ANTHROPIC_API_KEY: "a-key" },
  });

  it("do not see each other: a run of the same id starts, and the supervisor leaves a living probe alone", async () => {
    const gates = await Gates.make();
    const testing = examine(await waits(gates));
    await gates.untilReached("up");
    const [probe] = (await place.admin.list(jobs, place.namespace, { labelSelector: PROBES })).items;
    const agentId = probe?.metadata.labels?.[LABELS.agentId] ?? "";
    expect(agentId).not.toBe("");
    const run = startRun(place, { agent: `cat >/dev/null; ${INIT}; ${RESULT}`, agentId });
    expect(await run.result).toMatchObject({ exitCode: 0 });
    await supervise(new ClusterRegistry());
    await gates.open("go");
    expect(levelOf(await testing, "claude_hello_probe_passed")).toBe("info");
    expect(await probesLeft()).toEqual([]);
    await gates.remove();
  });

  it.each([
    ["the next test", () => examine({ image: "any", helloProbeTimeoutSec: 1 }, {}, later())],
    ["the supervisor", () => supervise(later())],
  ])("a probe whose process was killed is removed by %s", async (_, look) => {
    await leaveProbe("held");
    await leaveProbe("running");
    await look();
    expect(await probesLeft()).toEqual([]);
  });
});

/** Clusters as they are an hour from now. */
function later(): ClusterRegistry {
  const clock = new LeapingClock();
  clock.leap(3_600_000);
  return new ClusterRegistry({ clock });
}

async function supervise(clusters: ClusterRegistry): Promise<void> {
  const home = await mkdtemp(join(tmpdir(), "probe-home-"));
  const env = { PAPERCLIP_HOME: home };
  const { kubeconfig, namespace } = place;
  await rememberPlace(placesFile(env), { kubeconfig, context: null, namespace });
  await superviseOnce({
    dependencies: { env, clusters, paperclipUrl: () => place.paperclip.url },
    signal: new AbortController().signal,
  });
  await rm(home, { recursive: true });
}

/** As a process leaves it that is killed before it lets the Job go, or while the pod runs. */
async function leaveProbe(how: "held" | "running"): Promise<void> {
  const gates = await Gates.make();
  const claude = { sh: `${answering("hello")}; ${gates.reached("up")}; sleep 600` };
  const { kubeconfig, namespace } = place;
  const config = { kubeconfig, namespace, image: await images.add({ claude }), env: { ANTHROPIC_API_KEY: "a-key" } };
  const held = {
    match: { method: "POST", path: /\/secrets$/, query: /^(?!.*dryRun)/ },
    action: { kind: "delay", milliseconds: 60_000 },
  } as const;
  const fault = how === "held" ? place.devcluster.faults.add(held) : null;
  const child = fork(fileURLToPath(new URL("support/tester-main.ts", import.meta.url)), {
    execArgv: [],
    stdio: "inherit",
  });
  child.send(config);
  if (fault) while (fault.hits === 0) await place.admin.clock.sleep(20);
  else await gates.untilReached("up");
  child.kill("SIGKILL");
  await once(child, "exit");
  fault?.remove();
  const left = await place.admin.list(jobs, namespace, { labelSelector: PROBES });
  expect(left.items.length).toBeGreaterThan(0);
  await gates.remove();
}

onDevcluster("a cluster that hangs", () => {
  it.each([
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
    const fault = place.devcluster.faults.add(rule);
    const began = performance.now();
    const result = await examine({ image: await images.add({}), helloProbeTimeoutSec: 1 });
    expect(result.checks.map((check) => check.code)).toContain(code);
    expect(performance.now() - began).toBeLessThan(30_000);
    fault.remove();
  });
});
