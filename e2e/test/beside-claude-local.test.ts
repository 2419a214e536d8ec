/** The same tasks for an agent of Paperclip's own type and for one of ours: a user who changes over loses nothing. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findClaudeCode } from "../../demo/claude-code.ts";
import { refusals } from "../../demo/scripted-model/index.ts";
import type { Agent, Issue, Run } from "../host/records.ts";
import { until } from "../host/until.ts";
import { giveTo } from "../host/user.ts";
import { finish, refused, saysOnly } from "../stage/scenes.ts";
import { modelEnvironment, Stage } from "../stage/stage.ts";
import { runsOf } from "../stage/work.ts";

/** An answer that Paperclip takes for the beginning of work, and posts only when it is told that it is the last. */
const ANSWER = "I'll keep this short: the answer is 42.";

let stage: Stage;
let local: Agent;
let ours: Agent;
beforeAll(async () => {
  const overloaded = refused(refusals.overloaded(), Number.POSITIVE_INFINITY);
  stage = await Stage.open({ scenes: { finish, overloaded, answer: saysOnly(ANSWER) } });
  const home = join(stage.home.folder, "claude-home");
  await mkdir(home);
  await giveTo(stage.home.user, home);
  local = await stage.api.createAgent(stage.company.id, {
    name: "Lara Local",
    adapterType: "claude_local",
    adapterConfig: {
      engine: "cli",
      command: findClaudeCode().binary,
      model: "claude-sonnet-5",
      env: modelEnvironment(stage.modelUrl, { HOME: home, CLAUDE_CODE_MAX_RETRIES: "1" }),
    },
  });
  ours = await stage.agent("Kai Kubernetes", { env: { CLAUDE_CODE_MAX_RETRIES: "1" } });
});
afterAll(() => stage?.[Symbol.asyncDispose]());

interface Done {
  readonly issue: Issue;
  readonly run: Run;
  readonly comments: readonly string[];
}

async function both(title: string): Promise<readonly [Done, Done]> {
  return Promise.all([work(local, title), work(ours, title)]);
}

async function work(agent: Agent, title: string): Promise<Done> {
  // Paperclip takes two new tasks of one title at the same time for one.
  const issue = await stage.api.createIssue(stage.company.id, {
    title: `${agent.name}: ${title}`,
    assigneeAgentId: agent.id,
  });
  const first = await until(`a run of ${agent.name}`, async () => (await runsOf(stage, agent, issue.id)).at(-1));
  const run = await stage.ended(first.id);
  return { issue, run, comments: (await stage.api.comments(issue.id)).map(({ body }) => body) };
}

const keysOf = (value: unknown): string[] => Object.keys((value ?? {}) as object).toSorted();

describe("the same task for claude_local and for claude_k8s", () => {
  it("ends the same: status, session, usage, cost, answer, the figures that the page and the host read", async () => {
    const [theirs, mine] = await both("Say hello [scene:finish]");
    expect(theirs.run).toMatchObject({ status: "succeeded", error: null });
    expect(mine.run).toMatchObject({ status: "succeeded", error: null, exitCode: theirs.run.exitCode });
    expect(mine.comments).toEqual(theirs.comments);
    expect(mine.run.sessionIdAfter).toMatch(/^[0-9a-f-]{36}$/);
    const [one, other] = [theirs.run.usageJson ?? {}, mine.run.usageJson ?? {}];
    for (const key of ["provider", "biller", "billingType", "model", "outputTokens", "usageBasis"])
      expect.soft(other[key], key).toEqual(one[key]);
    expect(keysOf(one).filter((key) => !(key in other))).toEqual([]);
    const read = ["result", "total_cost_usd", "usage", "modelUsage", "num_turns", "duration_ms", "permission_denials"];
    expect(read.filter((key) => !(key in (mine.run.resultJson ?? {})))).toEqual([]);
    expect(mine.run.resultJson).toMatchObject({
      num_turns: theirs.run.resultJson?.num_turns,
      result: theirs.run.resultJson?.result,
    });
    const invocations = await Promise.all([theirs, mine].map(({ run }) => invocationOf(run)));
    expect(invocations.map(({ cwd }) => typeof cwd)).toEqual(["string", "string"]);
    expect(String(invocations[1]?.cwd)).toMatch(/^\//);
  });

  it("posts an answer that sounds like the beginning of work, which claude_local's user never sees", async () => {
    const [theirs, mine] = await both("What is the answer? [scene:answer]");
    expect([theirs, mine].map(({ run }) => run.status)).toEqual(["succeeded", "succeeded"]);
    await until("the answer is on the task", async () =>
      (await stage.api.comments(mine.issue.id)).some(({ body }) => body.includes("the answer is 42")),
    );
  });

  it("fails the same: Paperclip tries a model that is overloaded again by itself", async () => {
    const [theirs, mine] = await both("Try in vain [scene:overloaded]");
    expect(mine.run).toMatchObject({ status: theirs.run.status, errorCode: theirs.run.errorCode });
    // What went wrong is no answer: it stands in the run, and not as the agent's comment.
    expect(mine.comments.filter((body) => body.includes("API Error"))).toEqual([]);
    const retryOf = (agent: Agent, { issue, run }: Done): Promise<Run> =>
      until(`a retry by ${agent.name}`, async () =>
        (await runsOf(stage, agent, issue.id)).find(({ retryOfRunId }) => retryOfRunId === run.id),
      );
    const retries = await Promise.all([retryOf(local, theirs), retryOf(ours, mine)]);
    expect(retries[1].status).toBe(retries[0].status);
  });

  it("works on ten tasks at once, and says how long both take", async () => {
    const titles = Array.from({ length: 10 }, (_, index) => `Task ${index + 1} [scene:finish]`);
    const timed = async (agent: Agent): Promise<{ seconds: number; statuses: string[] }> => {
      const begun = performance.now();
      const done = await Promise.all(titles.map((title) => work(agent, title)));
      return { seconds: (performance.now() - begun) / 1000, statuses: done.map(({ run }) => run.status) };
    };
    const theirs = await timed(local);
    const mine = await timed(ours);
    expect(theirs.statuses.concat(mine.statuses)).toEqual(Array(20).fill("succeeded"));
    console.log(`ten tasks: claude_local ${theirs.seconds.toFixed(1)} s, claude_k8s ${mine.seconds.toFixed(1)} s`);
  }, 300_000);
});

async function invocationOf(run: Run): Promise<Readonly<Record<string, unknown>>> {
  const events = await stage.api.events(run.id);
  return events.find(({ eventType }) => eventType === "adapter.invoke")?.payload ?? {};
}
