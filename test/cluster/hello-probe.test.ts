/** The environment test's own Job: what it finds on images that have everything or lack something, and in their pods. */
import { readdir, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { AdapterEnvironmentTestResult } from "@paperclipai/adapter-utils";
import { afterEach, expect, it } from "vitest";
import {
  refusals,
  type ScriptedModel,
  say,
  stall,
  startScriptedModel,
  type Turn,
  text,
} from "../../demo/scripted-model/index.ts";
import type { CheckContext } from "../../src/doctor/check.ts";
import { checkAdmission } from "../../src/doctor/checks/admission.ts";
import { checkPodStart } from "../../src/doctor/checks/pod-start.ts";
import { contextOfTest } from "../../src/doctor/context.ts";
import { testEnvironment } from "../../src/doctor/test-environment.ts";
import { prepareProbe, type RunPlan } from "../../src/run/plan/plan.ts";
import { runProbe } from "../../src/run/probe.ts";
import { realDependencies } from "../../src/run/shared/dependencies.ts";
import { agentOf } from "../run/support/plan-input.ts";
import { policyOf } from "../support/policy.ts";
import { some } from "../support/thoroughness.ts";
import { variant } from "../support/variant.ts";
import { answering } from "./support/agent-images.ts";
import { makeClaim } from "./support/host-pod.ts";
import { checkOf, levelOf, ownAddress, type TesterBench, useTesterBench } from "./support/tester-bench.ts";
import { onDevcluster } from "./support/use-place.ts";

let bench: TesterBench;
useTesterBench((opened) => {
  bench = opened;
});

const models: ScriptedModel[] = [];
afterEach(async () => {
  for (const model of models.splice(0)) await model.stop();
});

async function withModel(turn: Turn): Promise<Record<string, string>> {
  const model = await startScriptedModel({ script: [turn] });
  models.push(model);
  return {
    ANTHROPIC_BASE_URL: model.url,
    ANTHROPIC_API_KEY: "a-very-secret-key",
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
  };
}

const troubles = ({ checks }: AdapterEnvironmentTestResult): string[] =>
  checks.filter(({ level }) => level !== "info").map(({ code }) => code);

onDevcluster("the hello probe, with Claude Code itself", () => {
  it("is answered, on an image that has all, and leaves nothing in the cluster or in the home", async () => {
    const env = await withModel(say([text("Hello!")]));
    const home = await makeClaim(bench.place, "home-of-probe");
    const image = await bench.images.add({ claude: "real" });
    const result = await bench.examine({ image, env, homeClaim: "home-of-probe" });
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
    expect(await bench.probesLeft()).toEqual([]);
    const kept = await readdir(home, { recursive: true });
    expect(kept.filter((path) => path.endsWith(".jsonl") || path.includes("workspaces"))).toEqual([]);
  });

  variant("runs without a volume that the policy gives to one agent alone: the page tells no agent", async () => {
    const env = await withModel(say([text("Hello!")]));
    const home = await makeClaim(bench.place, "claude-another");
    const image = await bench.images.add({ claude: "real" });
    const { kubeconfig, namespace } = bench.place;
    const policy = policyOf({
      clusters: { default: { kubeconfig, namespace } },
      allow: { claims: ["claude-{agentId}"], serviceAccounts: ["sa-{agentId}"] },
    });
    const tested = (more: Record<string, unknown>) =>
      testEnvironment(
        {
          adapterType: "claude_k8s",
          companyId: "company",
          config: { image, env, homeClaim: "claude-another", ...more },
        },
        { env: {}, clusters: bench.registry, readPolicy: () => Promise.resolve(policy) },
      );
    const result = await tested({ "resources.requests.cpu": "50m", "resources.requests.memory": "64Mi" });
    expect(result.checks.filter(({ level }) => level === "error")).toEqual([]);
    expect(levelOf(result, "claude_hello_probe_passed")).toBe("info");
    expect(checkOf(result, "k8s_policy_up_to_the_agent")?.message).toContain("without that volume");
    expect(await readdir(home)).toEqual([]);
    const byAccount = await tested({ serviceAccountName: "sa-another" });
    expect(checkOf(byAccount, "claude_hello_probe_skipped")?.message).toContain("one agent alone");
  });

  it("is refused by the model's API for a wrong key, within seconds", async () => {
    const env = await withModel(refusals.authentication());
    const result = await bench.examine({ image: await bench.images.add({ claude: "real" }), env });
    expect(result.status).toBe("fail");
    expect(checkOf(result, "claude_hello_probe_auth_required")).toMatchObject({
      level: "error",
      message: expect.stringContaining("401"),
      hint: expect.stringContaining("ANTHROPIC_API_KEY"),
    });
    expect(JSON.stringify(result)).not.toContain("a-very-secret-key");
    expect(await bench.probesLeft()).toEqual([]);
  });

  it("needs a credential: without any, the check says what to set", async () => {
    const { ANTHROPIC_API_KEY: _, ...env } = await withModel(say([text("Hello!")]));
    const result = await bench.examine({ image: await bench.images.add({ claude: "real" }), env });
    expect(checkOf(result, "claude_credentials_missing")?.hint).toContain("CLAUDE_CODE_OAUTH_TOKEN");
    expect(levelOf(result, "claude_hello_probe_auth_required")).toBe("error");
  });

  it.each(
    some(
      [
        ["a limit that is used up", refusals.quota(4_000_000_000), "claude_hello_probe_usage_limited", "warn"],
        ["an overloaded API", refusals.overloaded(), "claude_hello_probe_transient_upstream", "warn"],
        ["an unknown model", refusals.unknownModel("no-such"), "claude_hello_probe_failed", "error"],
        ["another word", say([text("Good day")]), "claude_hello_probe_unexpected_output", "warn"],
      ] as const,
      2,
    ),
  )("tells %s apart", async (_, turn, code, level) => {
    const result = await bench.examine({
      image: await bench.images.add({ claude: "real" }),
      env: await withModel(turn),
    });
    expect(levelOf(result, code)).toBe(level);
  });

  variant("does not wait for a model that says nothing", async () => {
    const env = await withModel(stall());
    const image = await bench.images.add({ claude: "real" });
    const result = await bench.examine({ image, env, helloProbeTimeoutSec: 4 });
    expect(checkOf(result, "claude_hello_probe_timed_out")).toMatchObject({
      level: "warn",
      message: "Claude Code started and did not answer within 4 s.",
    });
    // What its pod said before is of use all the same.
    expect(levelOf(result, "claude_command_resolvable")).toBe("info");
    expect(await bench.probesLeft()).toEqual([]);
  });
});

onDevcluster("an image", () => {
  const claude = { sh: answering("hello") };
  const env = { ANTHROPIC_API_KEY: "a-key" };

  variant("without Claude Code", async () => {
    const result = await bench.examine({ image: await bench.images.add({}), env });
    expect(checkOf(result, "claude_command_unresolvable")).toMatchObject({
      level: "error",
      message: "The image has no program claude.",
    });
    expect(await bench.probesLeft()).toEqual([]);
  });

  variant("without a shell that Claude Code can use, and without git", async () => {
    const image = await bench.images.add({ claude, without: ["bash", "rbash", "zsh", "rzsh", "git"] });
    const result = await bench.examine({ image, env });
    expect(levelOf(result, "claude_hello_probe_passed")).toBe("info");
    expect(levelOf(result, "k8s_image_no_bash")).toBe("error");
    expect(levelOf(result, "k8s_image_no_git")).toBe("warn");
  });

  variant.each(["with Node", "without Node"])("of another libc than its Claude Code: %s", async (which) => {
    const image = await bench.images.add({ claude, without: which === "with Node" ? [] : ["node"] });
    // What the kernel says of a program whose loader is missing is the same.
    const program = join(bench.place.images[image]?.env?.PATH ?? "", "claude");
    await writeFile(program, "#!/lib/ld-of-another-libc.so.1\n");
    const result = await bench.examine({ image, env });
    expect(checkOf(result, "claude_hello_probe_failed")).toMatchObject({
      level: "error",
      message: `The image has ${program}, and cannot run it (exit code 127).`,
      hint: expect.stringContaining("libc"),
    });
  });

  it("without Node", async () => {
    const result = await bench.examine({ image: await bench.images.add({ claude, without: ["node"] }), env });
    expect(levelOf(result, "claude_hello_probe_passed")).toBe("info");
    expect(levelOf(result, "k8s_image_no_node")).toBe("warn");
    expect(levelOf(result, "k8s_api_url_answers")).toBe("info");
  });

  it("that never comes, in the registry's words", async () => {
    const result = await bench.examine({ image: "registry.invalid/no/such:1", env, helloProbeTimeoutSec: 3 });
    expect(result.status).toBe("fail");
    expect(checkOf(result, "k8s_pod_image_error")).toMatchObject({
      level: "error",
      message: expect.stringMatching(/registry\.invalid\/no\/such:1: not found/),
      hint: expect.stringContaining("serviceAccountName"),
    });
    expect(await bench.probesLeft()).toEqual([]);
  });
});

onDevcluster("the pod", () => {
  const config = async () => ({
    image: await bench.images.add({ claude: { sh: answering("hello") } }),
    env: { ANTHROPIC_API_KEY: "a-key" },
  });

  variant("that finds no node within the time says so, and what may help", async () => {
    const result = await bench.examine({
      ...(await config()),
      nodeSelector: { "no-such": "node" },
      helloProbeTimeoutSec: 2,
    });
    expect(levelOf(result, "claude_hello_probe_timed_out")).toBe("warn");
    expect(checkOf(result, "k8s_pod_unscheduled")).toMatchObject({
      level: "warn",
      message: expect.stringContaining("Unschedulable"),
      hint: expect.stringContaining("nodeSelector"),
    });
    expect(await bench.probesLeft()).toEqual([]);
  });

  variant("cannot write to its home", async () => {
    // Not even root can make a file there.
    const folder = await makeClaim(bench.place, "read-only-home");
    await rm(folder, { recursive: true });
    await symlink("/proc", folder);
    const result = await bench.examine({ ...(await config()), homeClaim: "read-only-home" });
    expect(checkOf(result, "k8s_home_not_writable")).toMatchObject({
      level: "error",
      message: expect.stringContaining("claim read-only-home"),
      hint: expect.stringContaining("chown"),
    });
    await rm(folder);
  });

  variant("cannot reach Paperclip", async () => {
    const nowhere = { PAPERCLIP_K8S_API_URL: `http://${ownAddress()}:9` };
    const result = await bench.examine(await config(), nowhere);
    expect(checkOf(result, "k8s_api_url_no_answer")).toMatchObject({
      level: "warn",
      message: expect.stringContaining(":9"),
      hint: expect.stringContaining("PAPERCLIP_K8S_API_URL"),
    });
  });

  variant("has a log that nobody can read, and its end is known all the same", async () => {
    const fault = bench.place.devcluster.faults.add({
      match: { path: /\/log$/ },
      action: { kind: "respond", code: 500 },
    });
    const result = await bench.examine({ ...(await config()), helloProbeTimeoutSec: 20 });
    fault.remove();
    expect(levelOf(result, "claude_hello_probe_passed")).toBe("info");
    expect(levelOf(result, "k8s_log_unreadable")).toBe("error");
    expect(await bench.probesLeft()).toEqual([]);
  });

  variant("is refused by Pod Security", async () => {
    const plan = await brokenPlan(await config());
    const lease = await bench.registry.acquire({ kubeconfig: bench.place.kubeconfig });
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
    expect(await bench.probesLeft()).toEqual([]);
  });
});

/** As a webhook may have changed it, for no setting of ours makes a pod that the restricted level refuses. */
async function brokenPlan(config: Record<string, unknown>): Promise<RunPlan> {
  const agent = agentOf({ namespace: bench.place.namespace, ...config });
  const lease = await bench.registry.acquire({ kubeconfig: bench.place.kubeconfig });
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
