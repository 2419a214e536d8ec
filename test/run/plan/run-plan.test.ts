import { describe, expect, it } from "vitest";
import { ConfigError } from "../../../src/config/config-error.ts";
import { planRun } from "../../../src/run/plan/run-plan.ts";
import { transcriptCopyOf } from "../../../src/run/plan/transcript-copy.ts";
import { agentOf, hostPod, input, podOf, privately, secretOf } from "../support/plan-input.ts";

describe("the plan of a run", () => {
  it("puts no secret value, no prompt and no agent variable's value into the Job", () => {
    const plan = planRun(input({ config: { promptTemplate: "the whole prompt" } }));
    const job = JSON.stringify(plan.job);
    for (const secret of ["run-token-secret", "agent-secret", "model-secret", "the whole prompt", "Be kind."])
      expect(job).not.toContain(secret);
    expect(secretOf(plan)).toMatchObject({
      "env.PAPERCLIP_API_KEY": "run-token-secret",
      "env.API_KEY": "agent-secret",
      "env.ANTHROPIC_API_KEY": "model-secret",
      prompt: expect.stringContaining("the whole prompt"),
      "instructions.md": expect.stringContaining("Be kind."),
    });
  });

  it("shows no secret value in the host's run record either", () => {
    const { meta } = planRun(input());
    const { prompt, ...shown } = meta;
    expect(JSON.stringify(shown)).not.toMatch(/run-token-secret|agent-secret|model-secret/);
    expect(prompt).toContain("Continue your Paperclip work");
  });

  it("tells the run record where the agent works, what it is given by name, and its wake-up", () => {
    const env = {
      API_KEY: { type: "secret_ref", secretId: "s" },
      MODE: "fast",
      DSN: { type: "secret_ref", secretId: "d" },
    };
    const { ctx } = input();
    const agent = { ...ctx.agent, adapterConfig: { env } };
    const context = { ...ctx.context, paperclipRuntimeTools: { bearerToken: "wake-secret", tools: ["a"] } };
    const given = { API_KEY: "agent-secret", MODE: "fast", DSN: "postgres://u:dsn-secret@db" };
    const { meta, name } = planRun(input({ ctx: { ...ctx, agent, context }, config: { env: given } }));
    expect(meta.cwd).toBe("/paperclip/workspaces/agent-1");
    expect(meta.env).toMatchObject({
      PAPERCLIP_RUN_ID: "run-1",
      PAPERCLIP_TASK_ID: "task-1",
      MODE: "fast",
      API_KEY: "***REDACTED***",
      DSN: "***REDACTED***",
      ANTHROPIC_API_KEY: "***REDACTED***",
      PAPERCLIP_API_KEY: "***REDACTED***",
    });
    expect(meta.context).toMatchObject({ taskId: "task-1", paperclipRuntimeTools: { tools: ["a"] } });
    expect(JSON.stringify(meta)).not.toMatch(/agent-secret|dsn-secret|model-secret|run-token-secret|wake-secret/);
    expect(meta.commandNotes?.join("\n")).toContain(`Environment: in Secret ${name}`);
  });

  it("notes each key that has no effect, once", () => {
    const { meta } = planRun(
      input({ config: { networkScope: "deny", imagee: "x", "access.KEY": { type: "secret_ref" } } }),
    );
    const notes = meta.commandNotes?.join("\n") ?? "";
    expect(notes.match(/networkScope has no effect on Kubernetes/g)).toHaveLength(1);
    expect(notes.match(/imagee is not a setting of claude_k8s/g)).toHaveLength(1);
    expect(notes).not.toContain("access.");
  });

  const wordsOf = (plan: ReturnType<typeof planRun>): string[] => JSON.parse(secretOf(plan)["run.json"] ?? "").command;

  it("asks for claude_local's model where none is named, and for what Bedrock knows where the model is Bedrock's", () => {
    const modelOf = (config: Record<string, unknown>) => {
      const plan = planRun(input({ config }));
      const words = wordsOf(plan);
      const model = words.includes("--model") ? words[words.indexOf("--model") + 1] : null;
      expect(plan.facts.model).toBe(model);
      return { model, notes: plan.meta.commandNotes?.join("\n") ?? "" };
    };
    expect(modelOf({}).model).toBe("claude-opus-5");
    const env = { CLAUDE_CODE_USE_BEDROCK: "1" };
    expect(modelOf({ env }).model).toBeNull();
    expect(modelOf({ env, model: "us.anthropic.claude-opus-4-8-v1" }).model).toBe("us.anthropic.claude-opus-4-8-v1");
    const other = modelOf({ env, model: "claude-opus-5" });
    expect(other.model).toBeNull();
    expect(other.notes).toContain("Model claude-opus-5 is not passed on");
  });

  describe("the working directory", () => {
    const planWith = (workspace: object, config: Record<string, unknown>, shared = true) => {
      const { ctx } = input();
      const context = { ...ctx.context, paperclipWorkspace: workspace };
      return planRun(input({ ctx: { ...ctx, context }, hostPod: shared ? hostPod : null, config }));
    };
    const project = { cwd: "/paperclip/projects/x", source: "project_primary", agentHome: "/paperclip/a" };
    const home = { cwd: "/paperclip/workspaces/a", source: "agent_home", agentHome: "/paperclip/workspaces/a" };
    const own = { workingDirectory: "/paperclip/repos/x" };
    const elsewhere = { ...project, cwd: "/repos/x" };

    it.each([
      ["the project's workspace", project, {}, true, "/paperclip/projects/x"],
      ["the project's workspace before the agent's own", project, own, true, "/paperclip/projects/x"],
      ["the agent's own before its home", home, own, true, "/paperclip/repos/x"],
      ["the agent's own by its older name", home, { cwd: "/paperclip/repos/y" }, true, "/paperclip/repos/y"],
      ["the agent's home", home, {}, true, "/paperclip/workspaces/a"],
      ["the agent's own where the pod does not see the workspace", elsewhere, own, true, "/paperclip/repos/x"],
      ["a folder of the agent's own where it sees none", project, {}, false, "/paperclip/workspaces/agent-1"],
    ])("is %s", (_, workspace, config, shared, cwd) => {
      const plan = planWith(workspace, config, shared);
      expect(plan.session.cwd).toBe(cwd);
      expect(plan.meta.cwd).toBe(cwd);
    });

    it("is no workspace of Paperclip's where it is the agent's own, as for claude_local", () => {
      expect(secretOf(planWith(home, own))).not.toHaveProperty(["env.PAPERCLIP_WORKSPACE_CWD"]);
      expect(secretOf(planWith(project, own))).toHaveProperty(["env.PAPERCLIP_WORKSPACE_CWD"], project.cwd);
      expect(secretOf(planWith(elsewhere, own))).toHaveProperty(["env.PAPERCLIP_WORKSPACE_CWD"], "/paperclip/repos/x");
    });
  });

  it("hands on Claude Code's folder of Paperclip's process where the pod shares the home", () => {
    const inherited = { variables: {}, paths: { CLAUDE_CONFIG_DIR: "/paperclip/.claude" } };
    expect(secretOf(planRun(input({ hostPod, inherited })))).toHaveProperty(["env.CLAUDE_CONFIG_DIR"]);
    const alone = planRun(input({ inherited }));
    expect(secretOf(alone)).not.toHaveProperty(["env.CLAUDE_CONFIG_DIR"]);
    expect(alone.meta.commandNotes?.join("\n")).toContain("CLAUDE_CONFIG_DIR of Paperclip's own process is not set");
  });

  it("case 5: carries the prompt byte for byte", () => {
    const prompt = "a\\c\\n\\0 $(HOME) $HOME `x` 'q' \"d\" ü\n\n  end";
    expect(secretOf(planRun(input({ config: { promptTemplate: prompt } }))).prompt).toBe(prompt);
  });

  it("tells the runner when an agent that does not end is ended", () => {
    const spec = (config: Record<string, unknown>): object =>
      JSON.parse(secretOf(planRun(input({ config })))["run.json"] ?? "{}") as object;
    expect(spec({})).toMatchObject({ terminalResultGraceMs: 5000, silenceLimitSec: 0, toolSilenceLimitSec: 0 });
    const config = { terminalResultCleanupGraceMs: 0, silenceLimitSec: 900, toolSilenceLimitSec: 3600 };
    expect(spec(config)).toMatchObject({ terminalResultGraceMs: 0, silenceLimitSec: 900, toolSilenceLimitSec: 3600 });
    for (const key of Object.keys(config)) expect(() => spec({ [key]: -1 })).toThrow(ConfigError);
  });

  it("gives Claude Code a configuration directory of the run's own where other pods use the home too", () => {
    const variables = (more: object) => podOf(planRun(input(more))).containers[0]?.env;
    const own = { name: "CLAUDE_K8S_CONFIG_DIRECTORY", value: "/run/claude-k8s-scratch/claude-config" };
    expect(variables({ hostPod })).toContainEqual(own);
    expect(variables({ config: { homeClaim: "home-of-ada" } })).toContainEqual(own);
    expect(variables({})?.map(({ name }) => name)).not.toContain(own.name);
  });

  it("passes the restricted Pod Security level", () => {
    const pod = podOf(planRun(input()));
    expect(pod.securityContext).toMatchObject({
      runAsNonRoot: true,
      runAsUser: 1000,
      runAsGroup: 1000,
      seccompProfile: { type: "RuntimeDefault" },
    });
    const [container] = pod.containers;
    expect(container?.securityContext).toMatchObject({
      allowPrivilegeEscalation: false,
      runAsNonRoot: true,
      capabilities: { drop: ["ALL"] },
    });
    expect(pod.hostNetwork ?? pod.hostPID ?? pod.hostIPC).toBeUndefined();
    const kinds = pod.volumes?.map((volume) => Object.keys(volume).find((key) => key !== "name"));
    expect(new Set(kinds)).toEqual(new Set(["emptyDir", "projected"]));
  });

  it("case 1: never lets the kubelet change the owner of a volume's files", () => {
    expect(podOf(planRun(input({ hostPod }))).securityContext).not.toHaveProperty("fsGroup");
  });

  it("mounts no token, starts one pod at most, and starts none before its Secret is there", () => {
    const plan = planRun(input());
    expect(podOf(plan).automountServiceAccountToken).toBe(false);
    expect(plan.job.spec).toMatchObject({ suspend: true, backoffLimit: 0, podReplacementPolicy: "Failed" });
  });

  it("case 16: sets the service account", () => {
    expect(podOf(planRun(input({ config: { serviceAccountName: "agent" } }))).serviceAccountName).toBe("agent");
  });

  it("takes over image, placement, user and home of Paperclip's own pod", () => {
    const plan = planRun(input({ hostPod, agent: agentOf({}) }));
    const pod = podOf(plan);
    expect(pod.containers[0]?.image).toBe("registry.example/paperclip:1");
    expect(pod).toMatchObject({
      imagePullSecrets: [{ name: "pull" }],
      nodeSelector: { pool: "agents" },
      tolerations: [{ key: "agents", operator: "Exists" }],
    });
    expect(pod.securityContext).toMatchObject({ runAsUser: 1001, runAsGroup: 1002, supplementalGroups: [3000] });
    expect(pod.volumes?.[1]).toEqual({ name: "home", persistentVolumeClaim: { claimName: "home" } });
    expect(pod.containers[0]?.volumeMounts?.[1]).toEqual({ name: "home", mountPath: "/paperclip", subPath: "data" });
    expect(plan.session.home).toBe("agents/home/data");
  });

  it("lets a claim of the agent's own, which may be fresh and root's, become the agent's once", () => {
    const pod = podOf(planRun(input({ config: { homeClaim: "own" } })));
    expect(pod.securityContext).toMatchObject({ fsGroup: 1000, fsGroupChangePolicy: "OnRootMismatch" });
  });

  it("starts where the agent's user can be, whatever the image's own folder is", () => {
    expect(podOf(planRun(input())).containers[0]?.workingDir).toBe("/paperclip");
  });

  it("says that agents do not run as root where Paperclip does", () => {
    const asRoot = { ...hostPod, user: { uid: 0, gid: 0, groups: [] } };
    const plan = planRun(input({ hostPod: asRoot }));
    expect(podOf(plan).securityContext).toMatchObject({ runAsUser: 1000, runAsGroup: 1000 });
    expect(plan.meta.commandNotes?.join("\n")).toMatch(/runs as root; agents run as user 1000/);
  });

  it("takes no path of a Job for that copy but the one that a Job of its name has", () => {
    const { job, name } = planRun(input({ hostPod }));
    const copyOf = (path: string) => {
      const forged = structuredClone(job);
      const [agent] = forged.spec?.template.spec?.containers ?? [];
      if (agent) agent.command = ["sh", "-c", "exit 0", "x", path];
      return transcriptCopyOf(forged);
    };
    expect(copyOf(`/paperclip/.claude-k8s/transcripts/${name}`)).toMatchObject({ kind: "file" });
    for (const path of [
      "/paperclip/instances/default/secrets/master.key",
      `/paperclip/.claude-k8s/transcripts/${name}x`,
      `/paperclip/.claude-k8s/transcripts/x/../../../secret`,
      `/paperclip/../etc/.claude-k8s/transcripts/${name}`,
      `relative/.claude-k8s/transcripts/${name}`,
      "",
    ])
      expect(copyOf(path), path).toBeNull();
  });

  it("keeps a copy of the transcript where Paperclip sees it, else in a bounded volume that goes with the pod", () => {
    const volume = { name: "transcript", emptyDir: { sizeLimit: "128Mi" } };
    const shared = planRun(input({ hostPod }));
    const path = `/paperclip/.claude-k8s/transcripts/${shared.name}`;
    expect(transcriptCopyOf(shared.job)).toEqual({ kind: "file", home: "/paperclip", path });
    const home = "/paperclip/claude_k8s/homes/company-1/agent-1";
    const copy = { kind: "file", home, path: `${home}/.claude-k8s/transcripts/${shared.name}` };
    expect(transcriptCopyOf(planRun(input({ hostPod, agent: privately() })).job)).toEqual(copy);
    expect(podOf(shared).volumes).not.toContainEqual(volume);
    for (const config of [{}, { homeClaim: "other" }]) {
      const plan = planRun(input({ config }));
      expect(transcriptCopyOf(plan.job)).toEqual({ kind: "folder", path: "/run/claude-k8s-transcript/" });
      expect(podOf(plan).volumes).toContainEqual(volume);
      const mount = { name: "transcript", mountPath: "/run/claude-k8s-transcript" };
      expect(podOf(plan).containers[0]?.volumeMounts).toContainEqual(mount);
    }
  });

  it("lets the agent's own placement win over Paperclip's", () => {
    const pod = podOf(planRun(input({ hostPod, config: { nodeSelector: "disk=ssd", tolerations: "[]" } })));
    expect(pod.nodeSelector).toEqual({ disk: "ssd" });
    expect(pod.tolerations).toBeUndefined();
  });

  it("does not mount a claim of another namespace", () => {
    const plan = planRun(input({ hostPod, config: { namespace: "elsewhere" } }));
    expect(podOf(plan).volumes?.[1]).toEqual({ name: "home", emptyDir: {} });
    expect(podOf(plan).imagePullSecrets).toBeUndefined();
  });

  it("says what to do when there is no image", () => {
    expect(() => planRun(input({ agent: agentOf({}) }))).toThrow(/image: is not set.*Set it to an image/s);
  });

  it("refuses a prompt that no Secret can hold, and names it", () => {
    try {
      planRun(input({ config: { promptTemplate: "x".repeat(1_100_000) } }));
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(ConfigError);
      expect((error as ConfigError).problems[0]?.field).toBe("prompt");
    }
  });

  it("leaves a variable out that the kernel would not take, and says so", () => {
    const plan = planRun(input({ config: { env: { BIG: "x".repeat(131_070), FITS: "x".repeat(131_066) } } }));
    expect(secretOf(plan)).toHaveProperty(["env.FITS"]);
    expect(secretOf(plan)).not.toHaveProperty(["env.BIG"]);
    expect(plan.meta.commandNotes?.join("\n")).toMatch(/BIG is not set in the pod: it has 131074 bytes/);
  });

  it("never lets the configuration set the run's token", () => {
    const plan = planRun(input({ config: { env: { PAPERCLIP_API_KEY: "stolen", PAPERCLIP_RUN_ID: "other" } } }));
    expect(secretOf(plan)).toMatchObject({
      "env.PAPERCLIP_API_KEY": "run-token-secret",
      "env.PAPERCLIP_RUN_ID": "run-1",
    });
  });

  it("does not let the configuration move the home, and says so", () => {
    const plan = planRun(input({ config: { env: { HOME: "/elsewhere" } } }));
    expect(podOf(plan).containers[0]?.env?.filter(({ name }) => name === "HOME")).toEqual([
      { name: "HOME", value: "/paperclip" },
    ]);
    expect(plan.meta.commandNotes?.join("\n")).toMatch(/HOME is not set as configured/);
  });

  it("gives the agent a scratch folder of its pod's own", () => {
    const plan = planRun(
      input({ config: { env: { TMPDIR: "/tmp/paperclip-run-1", PAPERCLIP_SCRATCH_DIR: "/tmp/p" } } }),
    );
    const { mountPath } = podOf(plan).containers[0]?.volumeMounts?.find(({ name }) => name === "scratch") ?? {};
    expect(mountPath).toMatch(/^\//);
    expect(secretOf(plan)).toMatchObject({ "env.TMPDIR": mountPath, "env.PAPERCLIP_SCRATCH_DIR": mountPath });
    expect(podOf(plan).volumes).toContainEqual({ name: "scratch", emptyDir: {} });
  });

  it("keeps folders of Paperclip's machine out of the pod, and what the agent set itself in it", () => {
    // As the host has it for an agent whose GitHub access it manages itself (2026.916.1).
    const env = {
      PATH: "/tmp/launchers:/usr/local/bin:/usr/bin",
      BASH_ENV: "/tmp/launchers/.bashrc",
      ZDOTDIR: "/tmp/launchers",
      PAPERCLIP_GITHUB_LAUNCHER_DIR: "/tmp/launchers",
      GH_CONFIG_DIR: "/tmp/launchers/gh-config",
      GIT_CONFIG_GLOBAL: "/dev/null",
      SSH_AUTH_SOCK: "/run/user/1/agent.sock",
      PAPERCLIP_GITHUB_BROKER_URL: "https://elsewhere.example",
    };
    const broker = { PAPERCLIP_GITHUB_BROKER_URL: env.PAPERCLIP_GITHUB_BROKER_URL };
    const given = (adapterConfig: object) => {
      const { ctx } = input();
      const plan = planRun(input({ ctx: { ...ctx, agent: { ...ctx.agent, adapterConfig } }, config: { env } }));
      const kept = Object.entries(secretOf(plan)).filter(([key]) => key.slice("env.".length) in env);
      return Object.fromEntries(kept.map(([key, value]) => [key.slice("env.".length), value]));
    };
    expect(given({})).toEqual({ GIT_CONFIG_GLOBAL: "/dev/null", ...broker });
    const own = { PATH: "/usr/local/bin:/usr/bin", GH_CONFIG_DIR: "/mine", SSH_AUTH_SOCK: { type: "plain" } };
    expect(given({ env: own })).toEqual({
      GIT_CONFIG_GLOBAL: "/dev/null",
      PATH: "/usr/local/bin:/usr/bin",
      SSH_AUTH_SOCK: "/run/user/1/agent.sock",
      ...broker,
    });
  });
});
