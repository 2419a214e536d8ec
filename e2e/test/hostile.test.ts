/** What an agent may try within the host's own rules, by each door that 2026.916.1 has; the stage's policy is the default one. */
import { access, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Agent, EnvironmentTest, Issue, Json, Run } from "../host/records.ts";
import { until } from "../host/until.ts";
import { giveTo } from "../host/user.ts";
import { finish } from "../stage/scenes.ts";
import { Stage } from "../stage/stage.ts";
import { runsOf } from "../stage/work.ts";

const YEAR_SEC = 31_536_000;

/** What stands for the path of a kubeconfig whose user's program leaves a file behind. */
const EVIL = "EVIL";

/** By the key that is to be named in the refusal. */
const ATTEMPTS: Readonly<Record<string, unknown>> = {
  kubeconfig: EVIL,
  kubeContext: "admin",
  namespace: "kube-system",
  homeClaim: "other-home",
  serviceAccountName: "cluster-admin",
  labels: { app: "paperclip" },
  nodeSelector: { "node-role.kubernetes.io/control-plane": "" },
  tolerations: [{ operator: "Exists" }],
  graceSec: YEAR_SEC,
  "resources.limits.memory": "1Ti",
  egress: "open",
};
const BIG = { labels: `app: ${"x".repeat(2 ** 20)}` };

/** A kubeconfig as any agent can have it written on the server's disk: as a hire's instructions, say. */
const evilKubeconfig = (proof: string): string => `apiVersion: v1
kind: Config
current-context: evil
contexts: [{ name: evil, context: { cluster: evil, user: evil } }]
clusters: [{ name: evil, cluster: { server: "http://127.0.0.1:9" } }]
users:
  - name: evil
    user: { exec: { apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, command: /bin/sh, args: ["-c", "touch ${proof}; env > ${proof}"] } }
`;

describe("an agent that tries what the host lets it", () => {
  let stage: Stage;
  let mallory: Agent;
  let token: string;
  let proof: string;
  let all: Json;
  let together: Json;

  beforeAll(async () => {
    stage = await Stage.open({ scenes: { finish } });
    mallory = await stage.agent("Mallory");
    ({ token } = await stage.api.post<{ token: string }>(`/agents/${mallory.id}/keys`, { name: "her own" }));
    proof = join(stage.home.folder, "proof");
    const evil = join(stage.home.folder, "evil-kubeconfig");
    await writeFile(evil, evilKubeconfig(proof));
    await giveTo(stage.home.user, evil);
    all = { ...ATTEMPTS, kubeconfig: evil };
    // A context is named with its kubeconfig, and a namespace is judged by the rules of its cluster, which there is none of.
    const { kubeContext: _, namespace: __, ...rest } = all;
    together = rest;
  });
  afterAll(() => stage?.[Symbol.asyncDispose]());

  const asMallory = (method: string, path: string, body: unknown) => stage.api.ask(method, path, body, token);
  const test = async (more: Json): Promise<EnvironmentTest["checks"]> => {
    const path = `/companies/${stage.company.id}/adapters/claude_k8s/test-environment`;
    const { status, body } = await asMallory("POST", path, { adapterConfig: { ...stage.agentConfig(), ...more } });
    expect(status).toBe(200);
    return (body as EnvironmentTest).checks;
  };
  /** What the test has against these settings: that alone, for no pod is started with them. */
  const refusalOf = async (more: Json, code = "k8s_policy_refused"): Promise<string> => {
    const errors = (await test(more)).filter(({ level }) => level === "error");
    expect(errors).toMatchObject([{ code }]);
    return errors[0]?.message ?? "";
  };
  const refusedRun = async (agent: Agent, issue: Issue): Promise<Run> => {
    const first = await until("its run", async () => (await runsOf(stage, agent, issue.id)).at(-1));
    return stage.ended(first.id);
  };
  const assign = (agent: Agent, title: string): Promise<Issue> =>
    stage.api.createIssue(stage.company.id, { title, assigneeAgentId: agent.id });
  const namesAll = (words: string): void => {
    for (const key of Object.keys(together)) expect.soft(words, key).toContain(`${key} is `);
    expect(words).toContain("beyond the operator's policy");
  };

  it.each(Object.keys(ATTEMPTS))("Test refuses %s by name", async (key) => {
    const words = await refusalOf({ [key]: all[key] });
    expect(words.startsWith(`${key} is `), words).toBe(true);
    expect(words).toContain("beyond the operator's policy");
  });

  it("Test refuses a megabyte of YAML, in few words", async () => {
    const words = await refusalOf(BIG, "k8s_config_invalid");
    expect(words).toMatch(/^labels /);
    expect(words.length).toBeLessThan(20_000);
  });

  it("Test reads no file of the server as instructions", async () => {
    const found = JSON.stringify(await test({ instructionsFilePath: "/proc/self/environ" }));
    expect(found).not.toContain("PAPERCLIP_AGENT_JWT_SECRET");
  });

  it("PATCH of itself: the host takes it, and the run is refused with every name", async () => {
    const { status } = await asMallory("PATCH", `/agents/${mallory.id}`, {
      adapterConfig: { ...stage.agentConfig(), ...together },
    });
    expect(status).toBe(200);
    const run = await refusedRun(mallory, await assign(mallory, "Mallory's own"));
    expect(run).toMatchObject({ status: "failed", errorCode: "k8s_policy_refused" });
    namesAll(String(run.resultJson?.sentence));
  });

  it("PATCH of its instructions' path: the host itself refuses", async () => {
    const adapterConfig = { ...mallory.adapterConfig, instructionsFilePath: "/proc/self/environ" };
    expect((await asMallory("PATCH", `/agents/${mallory.id}`, { adapterConfig })).status).toBe(403);
  });

  it("a hire: its first run is refused with every name", async () => {
    const { status, body } = await asMallory("POST", `/companies/${stage.company.id}/agent-hires`, {
      name: "Malvin",
      role: "engineer",
      adapterType: "claude_k8s",
      adapterConfig: { ...stage.agentConfig(), ...together },
    });
    expect(status, JSON.stringify(body)).toBe(201);
    const { agent } = body as { agent: Agent };
    const run = await refusedRun(agent, await assign(agent, "Malvin's first"));
    expect(run).toMatchObject({ status: "failed", errorCode: "k8s_policy_refused" });
    namesAll(String(run.resultJson?.sentence));
  });

  it.each([
    ["settings", (): Json => together, "k8s_policy_refused"],
    [
      "a file of the server as instructions",
      (): Json => ({ instructionsFilePath: "/proc/self/environ" }),
      "k8s_config_invalid",
    ],
  ])(
    "a task for somebody else with %s of its own: refused by name; the victim's next task is done",
    async (what, config, code) => {
      const victim = await stage.agent(`Vic with ${what}`);
      const { status, body } = await asMallory("POST", `/companies/${stage.company.id}/issues`, {
        title: `A trap with ${what} [scene:finish]`,
        status: "todo",
        assigneeAgentId: victim.id,
        assigneeAdapterOverrides: { adapterConfig: config() },
      });
      expect(status, JSON.stringify(body)).toBe(201);
      const run = await refusedRun(victim, body as Issue);
      expect(run, run.error ?? "").toMatchObject({ status: "failed", errorCode: code });
      for (const key of Object.keys(config())) expect.soft(String(run.resultJson?.sentence), key).toContain(key);
      const own = await assign(victim, `An honest task after ${what} [scene:finish]`);
      expect(await refusedRun(victim, own)).toMatchObject({ status: "succeeded" });
    },
  );

  it("none of it has run anything on the server", async () => {
    await expect(access(proof)).rejects.toThrow();
  });
});
