import { describe, expect, it } from "vitest";
import { operatorSettings } from "../../../src/config/operator.ts";
import { planRun } from "../../../src/run/plan/run-plan.ts";
import { bundle, everything, hostPod, input, podOf, secretOf } from "../support/plan-input.ts";

describe("what the agent finds in its run's directory", () => {
  const itemsOf = (plan: ReturnType<typeof planRun>) =>
    podOf(plan).volumes?.find(({ name }) => name === "run")?.projected?.sources?.[0]?.secret?.items ?? [];
  const fileOf = (plan: ReturnType<typeof planRun>, path: string): string | undefined =>
    secretOf(plan)[itemsOf(plan).find((item) => item.path === path)?.key ?? ""];

  it("has its skills where --add-dir looks for them, with their modes", () => {
    const plan = planRun(input({ bundle: everything() }));
    expect(fileOf(plan, "skills/.claude/skills/hello/SKILL.md")).toBe("# Hello");
    const modes = itemsOf(plan).filter(({ mode }) => mode !== undefined);
    expect(modes).toEqual([
      { key: expect.any(String), path: "skills/.claude/skills/hello/scripts/do.sh", mode: 0o555 },
    ]);
    for (const { key } of itemsOf(plan)) expect(key).toMatch(/^[-._a-zA-Z0-9]{1,253}$/);
    expect(plan.meta.commandArgs?.join(" ")).toContain("--add-dir skills");
  });

  it("has its MCP servers under addresses that a pod reaches, and their tokens only in the Secret", () => {
    const operator = operatorSettings({ PAPERCLIP_K8S_API_URL: "http://paperclip.team.svc:3100" });
    const plan = planRun(input({ bundle: everything(), operator }));
    expect(JSON.parse(fileOf(plan, "mcp.json") ?? "")).toEqual({
      mcpServers: {
        p: {
          type: "http",
          url: "http://paperclip.team.svc:3100/api/mcp/x",
          headers: { Authorization: "Bearer mcp-token-secret" },
        },
      },
    });
    expect(JSON.stringify([plan.job, plan.meta])).not.toContain("mcp-token-secret");
    expect(plan.meta.commandArgs?.join(" ")).toContain("--mcp-config mcp.json --strict-mcp-config");
  });

  it("has the files beside its instructions, which name the place where they are in the pod", () => {
    const plan = planRun(input({ bundle: everything() }));
    expect(fileOf(plan, "instructions/notes/a b.md")).toBe("Notes");
    const words = fileOf(plan, "instructions.md") ?? "";
    expect(words).toContain("loaded from /run/claude-k8s/instructions/AGENTS.md");
    expect(words).toContain("references from /run/claude-k8s/instructions/.");
    expect(words).toContain("## Company skill library");
    expect(words).not.toContain("/host/");
  });

  it("is sent to Paperclip's own files where the pod sees them", () => {
    const mine = {
      path: "/paperclip/ada/AGENTS.md",
      text: "Be kind.",
      folder: { path: "/paperclip/ada", files: [], cost: 0 },
    };
    const plan = planRun(input({ hostPod, bundle: everything({ instructions: mine }) }));
    expect(fileOf(plan, "instructions.md")).toContain("references from /paperclip/ada/.");
    expect(itemsOf(plan).some(({ path }) => path.startsWith("instructions/"))).toBe(false);
  });

  it("has programs that come before those of the image", () => {
    const programs = [{ path: "git", bytes: Buffer.from("#!/bin/sh"), executable: true }];
    const plan = planRun(input({ bundle: bundle({ programs }) }));
    expect(itemsOf(plan)).toContainEqual({ key: expect.any(String), path: "bin/git", mode: 0o555 });
    expect(fileOf(plan, "environment.sh")).toMatch(/^export PATH=.*\/bin:\$PATH"$/m);
  });

  it("is not sent to files of Paperclip's machine that the pod does not see", () => {
    const far = { path: "/host/ada/AGENTS.md", text: "Be kind.", folder: null };
    const words = fileOf(planRun(input({ bundle: everything({ instructions: far }) })), "instructions.md");
    expect(words).toBe("Be kind.\n\n## Company skill library");
  });

  it("is nothing more where Paperclip has nothing more", () => {
    const paths = itemsOf(planRun(input({ bundle: bundle() }))).map(({ path }) => path);
    expect(paths).toEqual(["environment.sh", "prompt", "run.json", "run.sh", "runner.mjs", "start.sh"]);
  });
});
