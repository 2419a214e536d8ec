/**
 * What we rely on in Paperclip's own package, so that a new version of it is looked at before it is used: the functions
 * that we call are there, and give an agent what they gave it in 2026.916.1.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createAdapter } from "../../src/adapter.ts";
import { buildEnvironment } from "../../src/paperclip/environment.ts";
import { buildPrompt } from "../../src/paperclip/prompt.ts";

const src = join(import.meta.dirname, "../../src");

/** Module → the names that we import from it as values. */
function imports(): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  for (const file of readdirSync(src, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"))) {
    const text = readFileSync(join(src, file), "utf8");
    for (const [, names = "", module = ""] of text.matchAll(/import \{([^}]+)\} from "(@paperclipai\/[^"]+)"/g)) {
      const values = names.split(",").map((name) => name.trim());
      const known = found.get(module) ?? new Set();
      for (const name of values) if (name && !name.startsWith("type ")) known.add(name);
      found.set(module, known);
    }
  }
  return found;
}

/** A wake-up as the host sends it, with all that it can have. */
const ctx = {
  runId: "run-1",
  agent: { id: "agent-1", companyId: "company-1", name: "Ada", adapterType: "claude_k8s", adapterConfig: {} },
  authToken: "token",
  context: {
    taskId: "task-1",
    issueId: "task-1",
    wakeReason: "issue_commented",
    wakeCommentId: "comment-1",
    approvalId: "approval-1",
    approvalStatus: "approved",
    issueIds: ["task-1", "task-2"],
    paperclipTaskMarkdown: "## The task\nDo it.",
    paperclipSessionHandoffMarkdown: "## Handed over",
    paperclipRuntimeServices: [{ name: "db" }],
    paperclipRuntimeServiceIntents: [{ name: "db" }],
    paperclipRuntimePrimaryUrl: "http://db",
    paperclipWake: {
      reason: "issue_commented",
      issue: {
        id: "task-1",
        identifier: "PAP-1",
        title: "A task",
        status: "todo",
        priority: "medium",
        workMode: "standard",
      },
      comments: [{ id: "comment-1", body: "Please.", authorType: "user" }],
    },
    paperclipWorkspace: {
      cwd: "/host/w",
      source: "project_primary",
      strategy: "project_primary",
      workspaceId: "workspace-1",
      repoUrl: "https://git.example/r",
      repoRef: "main",
      branchName: "main",
      worktreePath: "/host/w",
      agentHome: "/host/ada",
    },
    paperclipWorkspaces: [{ id: "workspace-1", cwd: "/host/w" }],
  },
};

describe("Paperclip's package", () => {
  it("has every function that we call", async () => {
    const found = imports();
    expect([...found.keys()].sort()).toEqual([
      "@paperclipai/adapter-utils/github-launcher",
      "@paperclipai/adapter-utils/server-utils",
      "@paperclipai/adapter-utils/skill-library-manifest",
    ]);
    for (const [module, names] of found) {
      const there = (await import(module)) as Record<string, unknown>;
      for (const name of names) expect(["function", "string"], `${name} of ${module}`).toContain(typeof there[name]);
    }
  });

  it("gives an agent the variables that it gave", () => {
    const { variables, notes } = buildEnvironment({
      ctx,
      configured: { MINE: "mine", PAPERCLIP_API_KEY: "stolen", PAPERCLIP_RUN_ID: "other" },
      inherited: {},
      inheritedPaths: {},
      apiUrl: "http://paperclip:3100",
      workingDirectory: "/paperclip/w",
      ownDirectory: "/paperclip/workspaces/ada",
      scratchFolder: "/scratch",
      workspaceCwd: "/host/w",
      seen: [],
    });
    const { PAPERCLIP_WAKE_PAYLOAD_JSON, PAPERCLIP_WORKSPACES_JSON, ...plain } = variables;
    expect(plain).toEqual({
      AGENT_HOME: "/paperclip/workspaces/ada",
      ANTHROPIC_CUSTOM_HEADERS: "X-Anthropic-Agent-Id: agent-1",
      MINE: "mine",
      PAPERCLIP_AGENT_ID: "agent-1",
      PAPERCLIP_API_KEY: "token",
      PAPERCLIP_API_URL: "http://paperclip:3100",
      PAPERCLIP_APPROVAL_ID: "approval-1",
      PAPERCLIP_APPROVAL_STATUS: "approved",
      PAPERCLIP_COMPANY_ID: "company-1",
      PAPERCLIP_ISSUE_WORK_MODE: "standard",
      PAPERCLIP_LINKED_ISSUE_IDS: "task-1,task-2",
      PAPERCLIP_RUNTIME_PRIMARY_URL: "http://db",
      PAPERCLIP_RUNTIME_SERVICES_JSON: '[{"name":"db"}]',
      PAPERCLIP_RUNTIME_SERVICE_INTENTS_JSON: '[{"name":"db"}]',
      PAPERCLIP_RUN_ID: "run-1",
      PAPERCLIP_TASK_ID: "task-1",
      PAPERCLIP_WAKE_COMMENT_ID: "comment-1",
      PAPERCLIP_WAKE_REASON: "issue_commented",
      PAPERCLIP_WORKSPACE_BRANCH: "main",
      PAPERCLIP_WORKSPACE_CWD: "/paperclip/w",
      PAPERCLIP_WORKSPACE_ID: "workspace-1",
      PAPERCLIP_WORKSPACE_REPO_REF: "main",
      PAPERCLIP_WORKSPACE_REPO_URL: "https://git.example/r",
      PAPERCLIP_WORKSPACE_SOURCE: "project_primary",
      PAPERCLIP_WORKSPACE_STRATEGY: "project_primary",
    });
    expect(JSON.parse(PAPERCLIP_WAKE_PAYLOAD_JSON ?? "")).toMatchObject({ issue: { id: "task-1" } });
    expect(PAPERCLIP_WORKSPACES_JSON).not.toContain("/host/");
    expect(notes).toEqual([]);
  });

  it("builds the prompt of the sections that it had, in their order", () => {
    const sections = {
      promptTemplate: "Heartbeat of {{agent.name}}",
      bootstrapPromptTemplate: "Bootstrap of {{runId}}",
    };
    const { text, metrics } = buildPrompt({ ctx, ...sections, resumes: false });
    const marks = ["Bootstrap of run-1", "Paperclip Wake Payload", "## Handed over", "## The task", "Heartbeat of Ada"];
    const places = marks.map((mark) => text.indexOf(mark));
    expect(places).not.toContain(-1);
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    expect(Object.values(metrics).every((chars) => chars > 0)).toBe(true);
    const resumed = buildPrompt({ ctx, ...sections, resumes: true });
    expect(resumed.metrics).toMatchObject({ bootstrapPromptChars: 0, heartbeatPromptChars: 0 });
    expect(resumed.text).toContain("Please.");
  });

  it("is told of the adapter what the host reads of it", () => {
    const { execute: _, ...adapter } = createAdapter();
    const shape = Object.fromEntries(Object.entries(adapter).map(([key, value]) => [key, typeof value]));
    expect(shape).toEqual({
      type: "string",
      models: "object",
      listModels: "function",
      refreshModels: "function",
      agentConfigurationDoc: "string",
      getConfigSchema: "function",
      sessionCodec: "object",
      sessionManagement: "object",
      supportsLocalAgentJwt: "boolean",
      supportsInstructionsBundle: "boolean",
      instructionsPathKey: "string",
      requiresMaterializedRuntimeSkills: "boolean",
      runtimeToolDelivery: "string",
      listSkills: "function",
      syncSkills: "function",
      testEnvironment: "function",
    });
  });
});
