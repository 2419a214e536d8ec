/** Tasks of an agent of our type, from Paperclip's prompt to the record of the run. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Agent, Issue, Run } from "../host/records.ts";
import { until } from "../host/until.ts";
import { environment, equipped, finish, steps } from "../stage/scenes.ts";
import { Stage } from "../stage/stage.ts";
import { jobsOf } from "../stage/work.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open({ scenes: { finish, environment, equipped, steps } });
});
afterAll(() => stage?.[Symbol.asyncDispose]());

const textOf = async (run: Run): Promise<string> =>
  (await stage.api.log(run.id).catch(() => [])).map(({ chunk }) => chunk).join("");
const jobs = () => jobsOf(stage);

describe("a task", () => {
  let agent: Agent;
  let issue: Issue;
  let first: Run;

  it("is done by a Job, whose outcome is in the run's record", async () => {
    agent = await stage.agent("Ada");
    const started = await stage.task(agent, "Say hello [scene:finish]", "Look around and say hello.");
    issue = started.issue;
    first = await stage.ended(started.run.id);
    expect(first).toMatchObject({ status: "succeeded", exitCode: 0, error: null, errorCode: null });
    expect(first.sessionIdAfter).toMatch(/^[0-9a-f-]{36}$/);
    expect(first.usageJson).toMatchObject({ provider: "anthropic", model: "claude-sonnet-5", costStatus: "reported" });
    expect(first.usageJson?.inputTokens).toBeGreaterThan(0);
    expect(first.usageJson?.outputTokens).toBeGreaterThan(0);
    expect(first.usageJson?.costUsd).toBeGreaterThan(0);
    expect(first.resultJson).toMatchObject({
      verdict: "completed",
      summary: "The task is done: I looked around, commented and closed it.",
      transcript: { complete: true },
    });
    expect((await stage.api.issue(issue.id)).status).toBe("done");
    expect((await stage.api.comments(issue.id)).map(({ body }) => body)).toEqual([
      "Hello from my pod: the work is done.",
    ]);
    await until("the Job is gone", async () => jobs().length === 0);
  });

  it("tells the host what runs, where, in which phase", async () => {
    const events = await stage.api.events(first.id);
    const types = events.map(({ eventType }) => eventType);
    for (const type of ["adapter.invoke", "k8s.job.created", "k8s.pod.running", "k8s.pod.ended"])
      expect(types).toContain(type);
    const invocations = events.filter(({ eventType }) => eventType === "adapter.invoke");
    expect(invocations.map(({ payload }) => payload?.adapterType).sort()).toEqual(["claude_k8s", "claude_local"]);
    expect(invocations.find(({ payload }) => payload?.adapterType === "claude_local")?.payload).toMatchObject({
      actualAdapterType: "claude_k8s",
      setting: "PAPERCLIP_K8S_AUTO_RECOVERY",
    });
  });

  it("gives the model Paperclip's prompt, and the agent's instructions", async () => {
    const [asked] = stage.model.requests.filter(({ role }) => role === "main");
    expect(asked?.prompt).toContain("Paperclip Wake Payload");
    expect(asked?.prompt).toContain("Say hello [scene:finish]");
    expect(asked?.prompt).toContain("Look around and say hello.");
    expect(JSON.stringify(asked?.body.system)).toContain("The above agent instructions were loaded from");
  });

  it("is woken by a comment, and resumes its session", async () => {
    const before = new Set([first.id]);
    await stage.api.ask("POST", `/issues/${issue.id}/comments`, {
      body: "Once more, please.",
      reopen: true,
      resume: true,
    });
    const second = await stage.ended((await stage.nextRun(agent, before)).id);
    expect(second).toMatchObject({ status: "succeeded", sessionIdAfter: first.sessionIdAfter });
    expect(await textOf(second)).toContain(first.sessionIdAfter ?? "no session");
    const asked = stage.model.requests.filter(({ role }) => role === "main").at(-1);
    expect(JSON.stringify(asked?.body.messages)).toContain("Say hello [scene:finish]");
    expect(asked?.prompt).toContain("Once more, please.");
  });
});

describe("what Paperclip gives an agent beside its prompt", () => {
  it("works in the pod: skills, MCP servers, connection tools, scratch folder, the library of skills", async () => {
    const agent = await stage.agent("Sky");
    const { run } = await stage.task(agent, "Use what you have [scene:equipped]");
    expect(await stage.ended(run.id)).toMatchObject({ status: "succeeded" });
    const asked = stage.model.requests.filter(
      ({ role, body }) => role === "main" && JSON.stringify(body.messages).includes("[scene:equipped]"),
    );
    const [first] = asked;
    const results = asked.map(({ toolResult }) => toolResult);
    expect(JSON.stringify(first?.body.messages)).toContain("- paperclip: ");
    expect(JSON.stringify(first?.body.system)).toContain("paperclipai/paperclip/paperclip — enabled");
    expect(JSON.stringify(first?.body.system)).not.toContain(`${stage.home.folder}/instances`);
    expect(JSON.stringify(asked[1]?.body.messages)).toContain("# Paperclip Skill");
    expect(results[2]).toEqual({ text: "kept", isError: false });
    expect(results[3]).toEqual({ text: '{"projects":[]}', isError: false });
    expect(results[4]).toMatchObject({ text: expect.stringContaining('"service":"github"'), isError: false });
  });

  it("is what the agent's page lists", async () => {
    const agent = await stage.agent("Lis");
    const { body } = await stage.api.ask("GET", `/agents/${agent.id}/skills`);
    expect(body).toMatchObject({ adapterType: "claude_k8s", supported: true });
    expect((body as { entries: { key: string; state: string }[] }).entries).toContainEqual(
      expect.objectContaining({ key: "paperclipai/paperclip/paperclip", state: "configured" }),
    );
  });
});

describe("the agent's environment", () => {
  it("is what Paperclip gives every agent, with the pod's view, and nothing of the host's own", async () => {
    const agent = await stage.agent("Eve", { env: { MY_SETTING: "mine" } });
    const { issue, run } = await stage.task(agent, "Show me [scene:environment]");
    expect(await stage.ended(run.id)).toMatchObject({ status: "succeeded" });
    const shown = stage.model.requests.find(({ toolResult }) => toolResult?.text.includes("PAPERCLIP_RUN_ID="))
      ?.toolResult?.text;
    const env = Object.fromEntries((shown ?? "").split("\n").map((line) => line.split(/=(.*)/s).slice(0, 2))) as Record<
      string,
      string | undefined
    >;
    expect(env).toMatchObject({
      PAPERCLIP_AGENT_ID: agent.id,
      PAPERCLIP_COMPANY_ID: stage.company.id,
      PAPERCLIP_RUN_ID: run.id,
      PAPERCLIP_TASK_ID: issue.id,
      PAPERCLIP_API_URL: stage.server.url,
      PAPERCLIP_WAKE_REASON: "issue_assigned",
      PAPERCLIP_WORKSPACE_SOURCE: "agent_home",
      MY_SETTING: "mine",
    });
    expect(env.PAPERCLIP_API_KEY).toMatch(/^eyJ/);
    expect(JSON.parse(env.PAPERCLIP_WAKE_PAYLOAD_JSON ?? "")).toMatchObject({ issue: { id: issue.id } });
    const instance = `${stage.home.folder}/instances`;
    const leaked = Object.entries(env).filter(
      ([, value]) => value?.includes(instance) || value?.includes("/tmp/paperclip-run-"),
    );
    expect(leaked).toEqual([]);
    for (const name of [
      "PAPERCLIP_HOME",
      "DATABASE_URL",
      "PAPERCLIP_AGENT_JWT_SECRET",
      "PAPERCLIP_GITHUB_HOST_HOME",
      "GH_CONFIG_DIR",
    ])
      expect(env, name).not.toHaveProperty(name);
  });
});

describe("Stop on the page", () => {
  it("ends the agent gracefully, is acknowledged, and a comment wakes the agent again", async () => {
    const agent = await stage.agent("Stan");
    const { issue, run } = await stage.task(agent, "Never end [scene:steps]");
    await until("the agent works", async () => (await textOf(run)).includes("Now I wait."));
    const answer = await stage.api.cancel(run.id);
    expect(answer).toMatchObject({ status: 200 });
    const stopped = await stage.ended(run.id);
    expect(stopped).toMatchObject({
      status: "cancelled",
      resultJson: { executionCancellation: { state: "acknowledged" }, verdict: "cancelled" },
    });
    await until("the Job is gone", async () => jobs().length === 0);
    expect((await stage.api.issue(issue.id)).executionBlocker ?? null).toBeNull();
    await stage.api.comment(issue.id, "Finish it, please. [scene:finish]");
    const next = await stage.ended((await stage.nextRun(agent, new Set([run.id]))).id);
    expect(next).toMatchObject({ status: "succeeded", sessionIdAfter: stopped.sessionIdAfter });
  });
});
