/** docs/migrate.md, step by step, on an installation of 0.1.53: its package, its agents' settings, sessions, and a Job it left. */
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { packageFolder } from "../host/install.ts";
import type { Agent, Issue, Json, Run } from "../host/records.ts";
import { type Registry, startRegistry } from "../host/registry.ts";
import { until } from "../host/until.ts";
import { finish } from "../stage/scenes.ts";
import { Stage } from "../stage/stage.ts";
import { jobNames, runsOf } from "../stage/work.ts";

const PACKAGE = "paperclip-adapter-claude-k8s";
const settings: Readonly<Record<string, Json>> = JSON.parse(
  await readFile(new URL("./old-installation/agents.json", import.meta.url), "utf8"),
);
const oldFolder = fileURLToPath(new URL("./old-installation/adapter", import.meta.url));

interface Employed {
  readonly agent: Agent;
  readonly issue: Issue;
  readonly before: Run;
}

let folder: string;
let registry: Registry;
let stage: Stage;
let employed: readonly Employed[];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "e2e-migrate-"));
  registry = await startRegistry(await pack(oldFolder), oldFolder);
  stage = await Stage.open({
    scenes: { finish },
    adapter: null,
    env: { npm_config_registry: registry.url, PAPERCLIP_K8S_POLICY: "" },
  });
  await stage.api.installAdapter(PACKAGE, false);
  const { kubeconfig, namespace } = stage.cluster;
  employed = await Promise.all(
    Object.entries(settings).map(async ([name, own]) => {
      const agent = await stage.agent(name, { kubeconfig, namespace, ...own });
      const { issue, run } = await stage.task(agent, `${name} says hello [scene:finish]`);
      return { agent, issue, before: await stage.ended(run.id) };
    }),
  );
});
afterAll(async () => {
  await stage?.[Symbol.asyncDispose]();
  await registry?.stop();
  await rm(folder, { recursive: true, force: true });
});

async function pack(source: string): Promise<string> {
  const args = ["pack", "--ignore-scripts", "--json", "--pack-destination", folder];
  const { stdout } = await promisify(execFile)("npm", args, { cwd: source });
  const packed = JSON.parse(stdout) as Record<string, { filename: string }> | { filename: string }[];
  return join(folder, Object.values(packed)[0]?.filename ?? "");
}

async function onceMore({ agent, issue }: Employed): Promise<Run> {
  const known = new Set((await runsOf(stage, agent, issue.id)).map(({ id }) => id));
  await stage.api.ask("POST", `/issues/${issue.id}/comments`, {
    body: "Once more, please.",
    reopen: true,
    resume: true,
  });
  return stage.ended((await stage.nextRun(agent, known)).id);
}

/** As 0.1.53 made it, of a run that nobody looks after any more. */
function leaveJob({ agent, issue, before }: Employed): void {
  const labels = {
    "app.kubernetes.io/managed-by": "paperclip",
    "app.kubernetes.io/component": "agent-job",
    "paperclip.io/agent-id": agent.id,
    "paperclip.io/adapter-type": "claude_k8s",
    "paperclip.io/run-id": before.id,
    "paperclip.io/company-id": stage.company.id,
    "paperclip.io/task-id": issue.id,
  };
  const command = ["sh", "-c", "trap 'exit 143' TERM; sleep 600 & wait"];
  const security = {
    runAsNonRoot: true,
    runAsUser: 1000,
    allowPrivilegeEscalation: false,
    seccompProfile: undefined,
    capabilities: { drop: ["ALL"] },
  };
  const container = { name: "claude", image: stage.cluster.image, command, securityContext: security };
  stage.cluster.devcluster?.store.create("jobs", {
    metadata: { name: "ac-abe-old-000000", namespace: stage.cluster.namespace, labels },
    spec: {
      backoffLimit: 0,
      ttlSecondsAfterFinished: 0,
      template: {
        metadata: { labels },
        spec: {
          restartPolicy: "Never",
          securityContext: { seccompProfile: { type: "RuntimeDefault" } },
          containers: [container],
        },
      },
    },
  });
}

describe("an installation of 0.1.53", () => {
  it("worked, and each task has a session", () => {
    for (const { before } of employed) {
      expect(before).toMatchObject({ status: "succeeded", error: null });
      expect(before.sessionIdAfter).toMatch(/^[0-9a-f-]{36}$/);
    }
  });

  it("1: its Jobs are found by one label, and end", async () => {
    const [first] = employed;
    if (!first) throw new Error("nobody is employed");
    leaveJob(first);
    const { devcluster, namespace } = stage.cluster;
    const page = await readFile(new URL("../../docs/migrate.md", import.meta.url), "utf8");
    const [, command = ""] = /^```sh\n(.*?)\n```/ms.exec(page) ?? [];
    const kubeconfig = join(folder, "admin");
    await writeFile(kubeconfig, devcluster?.kubeconfig ?? "");
    const look = () =>
      promisify(execFile)("sh", ["-c", command], { env: { PATH: process.env.PATH ?? "", KUBECONFIG: kubeconfig } });
    expect((await look()).stdout).toContain("ac-abe-old-000000");
    devcluster?.store.delete("jobs", namespace ?? "", "ac-abe-old-000000", { propagationPolicy: "Background" });
    await until("no Job is left", async () => jobNames(stage).length === 0);
    expect(await look()).toMatchObject({ stdout: "", stderr: "No resources found\n" });
  });

  it("2: the package is replaced by one call and a restart, and the settings stay as they are", async () => {
    await registry.publish(await pack(packageFolder), packageFolder);
    const manifest = JSON.parse(await readFile(join(packageFolder, "package.json"), "utf8"));
    expect(await stage.api.installAdapter(PACKAGE, false)).toMatchObject({
      version: manifest.version,
      requiresRestart: true,
    });
    await stage.server.stop();
    await stage.reboot();
    const found = (await stage.api.adapters()).find(({ type }) => type === "claude_k8s");
    expect(found).toMatchObject({ loaded: true, version: manifest.version });
    for (const { agent } of employed)
      expect((await stage.api.agent(agent.id)).adapterConfig).toEqual(agent.adapterConfig);
  }, 240_000);

  it("3: what agents name beyond the default policy is refused with the rule, and their sessions stay", async () => {
    const runs = await Promise.all(employed.map(onceMore));
    for (const run of runs) expect(run).toMatchObject({ status: "failed", errorCode: "k8s_policy_refused" });
    expect(jobNames(stage)).toEqual([]);
  }, 180_000);

  it("4: one command prints the policy under which they go on, and their tasks are done", async () => {
    const args = [join(packageFolder, "dist/bin.js"), "policy", "suggest", "--api-url", stage.server.url];
    const { stdout } = await promisify(execFile)(process.execPath, args, { env: { PATH: process.env.PATH ?? "" } });
    await stage.operator.layDown(stdout);
    await stage.server.stop();
    await stage.reboot(stage.operator.env);
    const runs = await Promise.all(employed.map(onceMore));
    for (const [index, { agent, before }] of employed.entries()) {
      const run = runs[index];
      if (!run) throw new Error("a run for each");
      expect.soft(run, `${agent.name}: ${run.error}`).toMatchObject({ status: "succeeded", errorCode: null });
      // A session of then knew neither the working directory nor the MCP servers of now.
      expect.soft(run.sessionIdAfter).not.toBe(before.sessionIdAfter);
      const told = JSON.stringify(await stage.api.events(run.id));
      expect.soft(told).toContain(`Session ${before.sessionIdAfter} is not resumed`);
    }
    await until("no Job is left", async () => jobNames(stage).length === 0);
  }, 240_000);

  it("5: the environment test names the settings that have no effect any more, and fails for none", async () => {
    const { kubeconfig, namespace } = stage.cluster;
    const config = stage.agentConfig({ kubeconfig, namespace, ...settings.Bo });
    const { checks } = await stage.api.testEnvironment(stage.company.id, "claude_k8s", config);
    expect(checks.filter(({ level }) => level === "error")).toEqual([]);
    expect(JSON.stringify(checks)).toContain("enableRtk");
  });
});
