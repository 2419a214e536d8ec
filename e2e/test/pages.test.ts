/** Paperclip's pages, as a person sees them: pictures of each are kept in e2e/artifacts. */
import { existsSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { chromiumPath, openBrowser, type Viewer } from "../host/browser.ts";
import type { Agent, Issue, Run } from "../host/records.ts";
import { until } from "../host/until.ts";
import { finish, steps } from "../stage/scenes.ts";
import { Stage } from "../stage/stage.ts";

let stage: Stage;
let viewer: Viewer;
let agent: Agent;
let issue: Issue;
let run: Run;

beforeAll(async () => {
  stage = await Stage.open({ scenes: { finish, steps } });
  viewer = await openBrowser();
  agent = await stage.agent("Ada");
  const started = await stage.task(agent, "Say hello [scene:finish]", "Look around and say hello.");
  issue = started.issue;
  run = await stage.ended(started.run.id);
});
afterAll(async () => {
  await viewer?.[Symbol.asyncDispose]();
  await stage?.[Symbol.asyncDispose]();
});

const pageOf = (path: string): string => `${stage.server.url}/${stage.company.issuePrefix ?? ""}${path}`;
const open = (path: string, height?: number) => viewer.open(pageOf(path), height);
const agentPath = (): string => `/agents/${agent.urlKey ?? agent.id}`;

// Without a browser there is nothing to look at; the continuous integration has one.
describe.runIf(existsSync(chromiumPath))("the pages", () => {
  it("configure an agent: every field of ours is there, under its name", async () => {
    const page = await open(`${agentPath()}/configuration`, 3000);
    await page.getByText("Home volume claim").waitFor();
    const { fields } = await stage.api.configSchema("claude_k8s");
    const text = await page.locator("body").innerText();
    // The page itself files fields about time under "Advanced Run Policy", which is closed.
    for (const { key, label } of fields) if (!/timeout/i.test(key)) expect(text, key).toContain(label);
    expect(text.match(/^Model$/gm)).toHaveLength(1);
    await viewer.shoot("configuration");
  });

  it("test the agent's environment, and show each check", async () => {
    const page = await open(`${agentPath()}/configuration`, 3000);
    await page.getByRole("button", { name: /Run test|Test again/ }).click();
    await page.getByText("Test details", { exact: true }).click();
    await page.getByText("The API server answers").waitFor();
    await viewer.shoot("environment-test");
  });

  it("create an agent of our type by hand", async () => {
    const page = await open("/agents/new", 2600);
    await page.getByPlaceholder(/e\.g\. /).fill("Handmade");
    await page.getByRole("button", { name: "Choose adapter" }).click();
    await page.getByText("Claude K8s").click();
    await viewer.shoot("create-agent-adapter");
    await page.getByRole("button", { name: "Configure agent" }).click();
    await page.getByRole("button", { name: "Finish setup" }).waitFor();
    await viewer.shoot("create-agent");
    await page.getByRole("button", { name: "Finish setup" }).click();
    const created = await until("the agent is there", async () =>
      (await stage.api.agents(stage.company.id)).find(({ name }) => name === "Handmade"),
    );
    expect(created).toMatchObject({ adapterType: "claude_k8s" });
    // What the page stored by itself is a configuration that we take: only the cluster is still to be named.
    const { env: _, ...config } = created.adapterConfig;
    const tested = await stage.api.testEnvironment(stage.company.id, "claude_k8s", {
      ...stage.agentConfig(),
      ...config,
    });
    expect(tested.checks.filter(({ level }) => level === "error")).toEqual([]);
  });

  it("show a run: what was invoked, and what the agent said", async () => {
    const page = await open(`${agentPath()}/runs/${run.id}`, 2600);
    await page.getByText("Invocation", { exact: true }).waitFor();
    const text = await page.locator("body").innerText();
    expect(text).toContain("Adapter: claude_k8s");
    expect(text).toContain("Let me look around.");
    expect(text).toContain("runs on node");
    await viewer.shoot("run");
  });

  it("show a run through our parser, where the page's worker can start", async () => {
    // In this version the worker's own first lines fail in strict mode, whatever parser follows (measured). A browser of
    // its own, since the page's scripts stay in the cache of one that has loaded them.
    await using other = await openBrowser();
    await other.page.route("**/assets/*.js", async (route) => {
      const response = await route.fetch();
      const body = await response.text();
      await route.fulfill({ response, body: body.replace(/"use strict";(\s+\/\/ ── 1\. Lock down)/, "$1") });
    });
    const page = await other.open(pageOf(`${agentPath()}/runs/${run.id}`), 2600);
    await page.getByText("Executed 2 commands").waitFor();
    await other.shoot("run-with-parser");
    const text = await page.locator("body").innerText();
    for (const words of ["First I look where I am.", "Let me look around.", "The task is done"])
      expect(text).toContain(words);
    expect(text).not.toContain('"type":"assistant"');
  });

  it("show the task with the agent's comment", async () => {
    const page = await open(`/issues/${issue.identifier}`);
    await page.getByText("Hello from my pod: the work is done.").waitFor();
    await viewer.shoot("task");
  });

  it("show five agents at work", async () => {
    for (const name of ["Bea", "Cid", "Dot", "Eli", "Fay"]) {
      const worker = await stage.agent(name);
      await stage.task(worker, `${name} works in steps [scene:steps]`);
      await until(`${name} is at work`, async () => (await stage.api.agent(worker.id)).status === "running");
    }
    const page = await open("/dashboard");
    await page.getByText("5 live").waitFor();
    await page.getByText("5 running, 0 paused, 0 errors").waitFor();
    await viewer.shoot("dashboard");
  });
});
