import { describe, expect, it } from "vitest";
import type { PlanInput } from "../../../src/run/plan/plan-input.ts";
import type { AgentBundle } from "../../../src/run/plan/provision.ts";
import { planRun } from "../../../src/run/plan/run-plan.ts";
import { runTermsOf } from "../../../src/run/shared/run-terms.ts";
import { bundle, everything, hostPod, input, secretOf } from "../support/plan-input.ts";

const SESSION = "11111111-2222-4333-8444-555555555555";

describe("a session", () => {
  const runtime = (params: Record<string, unknown>): PlanInput["ctx"] => ({
    ...input().ctx,
    runtime: { sessionId: SESSION, sessionParams: params, sessionDisplayId: SESSION, taskKey: null },
  });
  const command = (plan: ReturnType<typeof planRun>): unknown[] =>
    JSON.parse(secretOf(plan)["run.json"] ?? "{}").command;

  it("case 18: is resumed on the same volume and directory, without sending the instructions again", () => {
    const first = planRun(input({ hostPod }));
    const plan = planRun(input({ hostPod, ctx: runtime({ sessionId: SESSION, ...first.session }) }));
    expect(command(plan)).toContain("--resume");
    expect(command(plan)).toContain(SESSION);
    expect(command(plan)).not.toContain("--append-system-prompt-file");
    expect(plan.facts.resumedSessionId).toBe(SESSION);
  });

  it("brings what a fresh one in its place would need: its command, its prompt and the instructions", () => {
    const config = { bootstrapPromptTemplate: "Welcome.", promptTemplate: "Go on." };
    const first = planRun(input({ hostPod, config }));
    const plan = planRun(input({ hostPod, config, ctx: runtime({ sessionId: SESSION, ...first.session }) }));
    const secret = secretOf(plan);
    expect(secret.prompt).not.toContain("Welcome.");
    expect(secret["prompt.fresh"]).toBe(secretOf(first).prompt);
    expect(secret["instructions.md"]).toBe(secretOf(first)["instructions.md"]);
    expect(JSON.parse(secret["run.json"] ?? "{}")).toMatchObject({
      fresh: { sessionId: SESSION, command: command(first), prompt: "prompt.fresh" },
    });
    expect(secretOf(first)).not.toHaveProperty(["prompt.fresh"]);
    expect(JSON.parse(secretOf(first)["run.json"] ?? "{}")).not.toHaveProperty("fresh");
  });

  it("is resumed without such a way out when the Secret has no room for it", () => {
    const config = { bootstrapPromptTemplate: "w".repeat(600_000), promptTemplate: "p".repeat(300_000) };
    const { session } = planRun(input({ hostPod, config }));
    const plan = planRun(input({ hostPod, config, ctx: runtime({ sessionId: SESSION, ...session }) }));
    expect(command(plan)).toContain(SESSION);
    expect(secretOf(plan)).not.toHaveProperty(["prompt.fresh"]);
    expect(JSON.parse(secretOf(plan)["run.json"] ?? "{}")).not.toHaveProperty("fresh");
  });

  it("is not resumed when its home went with the pod, and the notes say why", () => {
    const plan = planRun(input({ ctx: runtime({ sessionId: SESSION }) }));
    expect(command(plan)).not.toContain("--resume");
    expect(plan.meta.commandNotes?.join("\n")).toMatch(/is not resumed: the pod has no volume/);
  });

  it("is not resumed from another directory", () => {
    const plan = planRun(
      input({ hostPod, ctx: runtime({ sessionId: SESSION, home: "agents/home/data", cwd: "/elsewhere" }) }),
    );
    expect(command(plan)).not.toContain("--resume");
  });

  it("is not resumed with other instructions, skills or MCP servers than it was started with", () => {
    const first = planRun(input({ hostPod, bundle: everything() }));
    const again = (change: Partial<AgentBundle>) =>
      planRun(input({ hostPod, ctx: runtime({ sessionId: SESSION, ...first.session }), bundle: everything(change) }));
    expect(command(again({}))).toContain("--resume");
    const newToken = everything().mcpServers.map((server) => ({ ...server, token: "another" }));
    expect(command(again({ mcpServers: newToken }))).toContain("--resume");
    const { instructions } = everything();
    const others: Partial<AgentBundle>[] = [
      { instructions: instructions && { ...instructions, text: "Be brief." } },
      { skills: { files: [], library: null, notes: [] } },
      { mcpServers: [] },
    ];
    for (const change of others) expect(command(again(change))).not.toContain("--resume");
    expect(again({ mcpServers: [] }).meta.commandNotes?.join()).toMatch(/is not resumed: its agent has other MCP/);
  });

  it("of a Job that was taken over is remembered as the Job was started, not as this run would have started it", () => {
    const { job, session } = planRun(input({ hostPod, bundle: everything() }));
    const later = planRun(input({ hostPod, bundle: bundle() }));
    expect(runTermsOf(job, later).session).toEqual(session);
    expect(later.session).not.toHaveProperty("mcpServerIdentity");
  });
});
