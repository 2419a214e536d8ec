/** What a plan is made from, for tests. */
import type { PodSpec } from "kubernetes-types/core/v1";
import { operatorSettings } from "../../../src/config/operator.ts";
import type { HostPod } from "../../../src/paperclip/host-pod.ts";
import { Installation } from "../../../src/paperclip/installation.ts";
import { type GovernedAgent, govern } from "../../../src/policy/policy.ts";
import type { PolicyFile } from "../../../src/policy/schema.ts";
import type { PlanInput } from "../../../src/run/plan/plan-input.ts";
import type { AgentBundle } from "../../../src/run/plan/provision.ts";
import type { planRun } from "../../../src/run/plan/run-plan.ts";
import { policyOf, trusting } from "../../support/policy.ts";

export const hostPod: HostPod = {
  namespace: "agents",
  name: "paperclip-0",
  container: "paperclip",
  image: "registry.example/paperclip:1",
  imagePullSecrets: [{ name: "pull" }],
  nodeSelector: { pool: "agents" },
  tolerations: [{ key: "agents", operator: "Exists" }],
  affinity: null,
  dnsConfig: null,
  homeClaim: { claimName: "home", subPath: "data", mountPath: "/paperclip" },
  user: { uid: 1001, gid: 1002, groups: [3000] },
};

/** As a run has it whose operator trusts agents, but gives them private homes. */
export const privately = (config: Record<string, unknown> = {}, file: PolicyFile = {}): GovernedAgent =>
  govern(
    { image: "img:1", env: { API_KEY: "agent-secret" }, ...config },
    policyOf({ trust: "full", home: "private", ...file }),
    { companyId: "company-1", agentId: "agent-1" },
  );

/** As a run has it whose operator trusts agents. */
export const agentOf = (config: Record<string, unknown>, policy = trusting): GovernedAgent =>
  govern(config, policy, { companyId: "company-1", agentId: "agent-1" });

export function input(change: Partial<PlanInput> & { config?: Record<string, unknown> } = {}): PlanInput {
  const { config, ...rest } = change;
  return {
    ctx: {
      runId: "run-1",
      agent: { id: "agent-1", companyId: "company-1", name: "Ada", adapterType: "claude_k8s", adapterConfig: {} },
      runtime: { sessionId: null, sessionParams: null, sessionDisplayId: null, taskKey: null },
      context: { taskId: "task-1", wakeReason: "issue_assigned" },
      authToken: "run-token-secret",
    },
    agent: agentOf({ image: "img:1", env: { API_KEY: "agent-secret" }, ...config }),
    operator: operatorSettings({}),
    installation: new Installation("installation-1", "default", "a-secret"),
    inherited: { variables: { ANTHROPIC_API_KEY: "model-secret" }, paths: {} },
    hostPod: null,
    defaultNamespace: "agents",
    bundle: bundle({ instructions: { path: "/host/agents/ada/AGENTS.md", text: "Be kind.", folder: null } }),
    scripts: { "start.sh": "#!/bin/sh", "runner.mjs": "//" },
    ...rest,
  };
}

export function bundle(change: Partial<AgentBundle> = {}): AgentBundle {
  const skills = { files: [], library: null, notes: [] };
  return {
    instructions: null,
    skills,
    mcpServers: [],
    programs: [],
    paperclipUrl: "http://127.0.0.1:3100",
    notes: [],
    ...change,
  };
}

export const podOf = (plan: ReturnType<typeof planRun>): PodSpec => {
  const spec = plan.job.spec?.template.spec;
  if (!spec) throw new Error("no pod in the plan");
  return spec;
};
export const secretOf = (plan: ReturnType<typeof planRun>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(plan.secret.data ?? {}).map(([key, value]) => [key, Buffer.from(value, "base64").toString()]),
  );

/** Names of all files that the run's pod gets, its own and those that it shares. */
export const filesOf = (plan: ReturnType<typeof planRun>): readonly string[] =>
  [plan.secret, ...plan.bundles].flatMap(({ data = {} }) => Object.keys(data));

/** What a managed agent with skills and MCP servers has. */
export function everything(change: Partial<AgentBundle> = {}): AgentBundle {
  const file = (path: string, text: string, executable = false) => ({ path, bytes: Buffer.from(text), executable });
  return bundle({
    instructions: {
      path: "/host/ada/instructions/AGENTS.md",
      text: "Be kind.",
      folder: {
        path: "/host/ada/instructions",
        files: [file("AGENTS.md", "Be kind."), file("notes/a b.md", "Notes")],
        cost: 0,
      },
    },
    skills: {
      files: [
        file(".claude/skills/hello/SKILL.md", "# Hello"),
        file(".claude/skills/hello/scripts/do.sh", "echo", true),
      ],
      library: "## Company skill library",
      notes: [],
    },
    mcpServers: [{ name: "p", url: "http://127.0.0.1:3100/api/mcp/x", token: "mcp-token-secret", connectionId: "c" }],
    ...change,
  });
}
