/** Paperclip's pages, as a person sees them: pictures of each are kept in e2e/artifacts. */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bash, refusals, say, text, thinking, toolUse } from "../../demo/scripted-model/index.ts";
import { chromiumPath, openBrowser, type Viewer } from "../host/browser.ts";
import type { Agent, Issue, Run } from "../host/records.ts";
import { until } from "../host/until.ts";
import { finish, type Scene, steps } from "../stage/scenes.ts";
import { Stage } from "../stage/stage.ts";

/** Everything that a run's page has to show: thoughts, text, calls of two tools, results long and bad, and a bad end. */
const everything: Scene = (_asked, step) => {
  if (step === 0)
    return say([
      thinking(THOUGHTS),
      text("I will count first, then write down what I found.\n\nThat takes two steps:\n- count\n- write"),
      bash("seq -f 'line %g' 1 40", "Count to forty"),
    ]);
  if (step === 1)
    return say([
      text("Now I write it down, and look at a file that is not there."),
      toolUse("Write", { file_path: "/tmp/never/../found.md", content: "# Found\n\n- forty lines\n- no more\n" }),
      bash("cat /no/such/file", "Look at a file"),
    ]);
  return refusals.credit();
};

const THOUGHTS = `The task asks me to count. ${"I weigh one way against another, at length. ".repeat(12)}

First I count.
Then I write.
Then I look.
Then I am done.`;

/** Where a run's page shows the run, in CSS pixels. */
const RUN = { x: 490, y: 65, width: 890 };

let stage: Stage;
let viewer: Viewer;
let agent: Agent;
let issue: Issue;
let run: Run;

beforeAll(async () => {
  stage = await Stage.open({ scenes: { finish, steps, everything } });
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
    // The page itself files fields about time and grace under "Advanced Run Policy", which is closed.
    const isElsewhere = (key: string): boolean => /timeout|grace/i.test(key);
    for (const { key, label, meta } of fields) if (!isElsewhere(key) && !meta) expect(text, key).toContain(label);
    // Of a claim, a second image and a queue, of which this agent has none.
    const hidden = fields.filter(({ meta }) => meta);
    expect(hidden.map(({ key }) => key).toSorted()).toEqual(["cli", "queueTimeoutSec", "workspaceSize"]);
    for (const { label } of hidden) expect(text).not.toContain(label);
    expect(text.match(/^Model$/gm)).toHaveLength(1);
    await viewer.shoot("configuration");
  });

  it("test the agent's environment, and show each check", async () => {
    const page = await open(`${agentPath()}/configuration`, 3400);
    // The form is made anew when the adapter's fields arrive.
    await page.getByText("Home volume claim").waitFor();
    await page.getByRole("button", { name: /Run test|Test again/ }).click();
    await page.getByText("Test details", { exact: true }).click();
    await page.getByText("The API server answers").waitFor();
    // Below a long form, under the bar with the page's buttons: the checks by themselves.
    const { checks } = await stage.api.testEnvironment(stage.company.id, "claude_k8s", stage.agentConfig());
    const shown = await page.locator("body").innerText();
    for (const { message } of checks) expect(shown).toContain(message);
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

  it("show a run: what was invoked, and what the agent said, in words", async () => {
    const page = await open(`${agentPath()}/runs/${run.id}`, 2600);
    await page.getByText("Invocation", { exact: true }).waitFor();
    await page
      .getByText(/^Pod .* runs on node /)
      .first()
      .waitFor();
    const shown = await page.locator("body").innerText();
    expect(shown).toContain("Adapter: claude_k8s");
    expect(shown).toMatch(/^◆ claude +session \S+ · claude-sonnet-5 · \d+ tools/m);
    expect(shown).toMatch(/^● says +Let me look around\.$/m);
    expect(shown).toMatch(/^■ result +success · 4 turns · /m);
    expect(shown).not.toContain('"type":"assistant"');
    await viewer.shoot("run");
    await viewer.picture("run-page", { ...RUN, height: 1830 });
  });

  it("keep what the agent wrote, byte for byte", async () => {
    const { transcript } = run.resultJson as { transcript: { file: string; sha256: string; lines: number } };
    expect(transcript).toMatchObject({ complete: true });
    expect(transcript.file).toBe(join(stage.home.folder, "claude_k8s/transcripts", `${run.id}.jsonl`));
    const bytes = await readFile(transcript.file);
    expect(createHash("sha256").update(bytes).digest("hex")).toBe(transcript.sha256);
    expect(bytes.toString().trimEnd().split("\n")).toHaveLength(transcript.lines);
    expect((await stat(transcript.file)).mode & 0o777).toBe(0o600);
    expect((await stat(join(transcript.file, ".."))).mode & 0o777).toBe(0o700);
  });

  it("show the task with the agent's comment", async () => {
    const page = await open(`/issues/${issue.identifier}`);
    await page.getByText("Hello from my pod: the work is done.").waitFor();
    await viewer.shoot("task");
  });

  it("show five agents at work, and on a task where its agent is", async () => {
    const tasks: Issue[] = [];
    for (const name of ["Bea", "Cid", "Dot", "Eli", "Fay"]) {
      const worker = await stage.agent(name);
      tasks.push((await stage.task(worker, `${name} works in steps [scene:steps]`)).issue);
      await until(`${name} is at work`, async () => (await stage.api.agent(worker.id)).status === "running");
    }
    const page = await open("/dashboard");
    await page.getByText("5 live").waitFor();
    await page.getByText("5 running, 0 paused, 0 errors").waitFor();
    await viewer.shoot("dashboard");
    await open(`/issues/${tasks[0]?.identifier}`, 1600);
    // What `onRuntimeProgress` was told: where a pod is, then what its agent does.
    await page.getByText("Using Bash").first().waitFor();
    await viewer.shoot("task-at-work");
  });

  it("show everything that a run may have, and say where the rest is", async () => {
    const nia = await stage.agent("Nia");
    const started = await stage.task(nia, "Count and write [scene:everything]");
    const ended = await stage.ended(started.run.id);
    expect(ended).toMatchObject({ status: "failed" });
    const page = await open(`/agents/${nia.urlKey ?? nia.id}/runs/${ended.id}`, 2600);
    await page.getByText("Invocation", { exact: true }).waitFor();
    const shown = await page.locator("body").innerText();
    const rest = `claude-k8s transcript ${ended.id.slice(0, 8)}`;
    for (const words of [
      /^○ thinks +The task asks me to count\./m,
      /^│ +… 1 more line /m,
      /^● says +I will count first/m,
      /^│ +- write$/m,
      /^▸ calls +\$ seq -f 'line %g' 1 40 {2}# Count to forty$/m,
      /^│ +line 12$/m,
      new RegExp(`^│ +… 28 more lines \\(${rest}\\)$`, "m"),
      /^▸ calls +Write$/m,
      /^✗ fails +Exit code 1$/m,
      /^│ +cat: \/no\/such\/file: No such file or directory$/m,
      /^■ result +error · /m,
      /^│ +Credit balance is too low$/m,
    ])
      expect(shown).toMatch(words);
    expect(shown).not.toContain("line 13");
    await viewer.shoot("run-everything");
    await viewer.picture("failure-page", { ...RUN, height: 1700 });
  });

  describe("with stream-json in the run's log", () => {
    let raw: Run;
    beforeAll(async () => {
      await stage.server.stop();
      await stage.reboot({ PAPERCLIP_K8S_PAGE: "stream-json" });
      const started = await stage.task(await stage.agent("Sam"), "Say hello [scene:finish]");
      raw = await stage.ended(started.run.id);
    });

    const rawPage = (on: Viewer) => on.open(pageOf(`/agents/${raw.agentId}/runs/${raw.id}`), 2600);

    it("the log has the agent's lines, and no file is kept", async () => {
      const log = (await stage.api.log(raw.id)).filter(({ stream }) => stream === "stdout").map(({ chunk }) => chunk);
      const events = log
        .join("")
        .split("\n")
        .filter((line) => line.startsWith("{"))
        .map((line) => (JSON.parse(line) as { type: string }).type);
      expect(events).toEqual(expect.arrayContaining(["system", "assistant", "user", "result"]));
      expect(raw.resultJson).not.toHaveProperty("transcript.file");
    });

    it("the page of this version cannot read it: when this fails, the default is to turn", async () => {
      const page = await rawPage(viewer);
      await page.getByText("Invocation", { exact: true }).waitFor();
      expect(await page.locator("body").innerText()).toContain('"type":"assistant"');
      await viewer.shoot("run-stream-json");
    });

    it("a page whose worker starts shows it through our parser, and words as they are", async () => {
      // The worker's own first lines fail in strict mode, whatever parser follows (measured). A browser of its own, since
      // the page's scripts stay in the cache of one that has loaded them.
      await using other = await openBrowser();
      await other.page.route("**/assets/*.js", async (route) => {
        const response = await route.fetch();
        const body = await response.text();
        await route.fulfill({ response, body: body.replace(/"use strict";(\s+\/\/ ── 1\. Lock down)/, "$1") });
      });
      const page = await rawPage(other);
      await page.getByText("Executed 2 commands").waitFor();
      await other.shoot("run-with-parser");
      const shown = await page.locator("body").innerText();
      for (const words of ["First I look where I am.", "Let me look around.", "The task is done"])
        expect(shown).toContain(words);
      expect(shown).not.toContain('"type":"assistant"');
      await other.open(pageOf(`${agentPath()}/runs/${run.id}`), 2600);
      await page.getByText("Let me look around.").waitFor();
      expect(await page.locator("body").innerText()).toMatch(/^● says +Let me look around\.$/m);
    });
  });
});
