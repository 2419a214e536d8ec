/** PAPERCLIP_K8S_AUTO_RECOVERY=off: after a crash the Job lives on, and a person decides what becomes of it. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openBrowser } from "../host/browser.ts";
import { until } from "../host/until.ts";
import { drain } from "../stage/disruptions.ts";
import { steps } from "../stage/scenes.ts";
import { Stage } from "../stage/stage.ts";
import { beginOnDemand, beginTask, jobNames, jobsOf, outliveLease, runsOf, type Work } from "../stage/work.ts";
import { endsWell, takenOver } from "./support/going-on.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open({ scenes: { steps }, env: { PAPERCLIP_K8S_AUTO_RECOVERY: "off" } });
});
afterAll(() => stage?.[Symbol.asyncDispose]());

/** What the adapter says on the task's page, and the command in it. */
async function advice(issueId: string): Promise<{ readonly text: string; readonly command: string }> {
  const text = await until("the task's page says what to do", async () =>
    (await stage.api.comments(issueId)).map(({ body }) => body).find((body) => body.includes("recovery-actions")),
  );
  return { text, command: /```sh\n(.*)\n```/s.exec(text)?.[1] ?? "" };
}

/** Null: none, or one that Paperclip has settled; its hold on the task goes on in spite of that. */
const activeRecovery = async (issueId: string): Promise<unknown> =>
  (await stage.api.get<{ active: unknown }>(`/issues/${issueId}/recovery-actions`)).active;

/** What a person copies from the page. */
async function runInShell(command: string): Promise<void> {
  await promisify(execFile)("sh", ["-c", command], { env: { ...process.env, PAPERCLIP_API_URL: stage.server.url } });
}

describe("SIGKILL and boot, with automatic recovery off", () => {
  it("starts nothing, says on the task's page what to do, and goes on when a person has done that", async () => {
    const work = await beginTask(stage, "Hanna");
    const { issue, run, agent } = work;
    const [before] = jobsOf(stage);
    const { controllerLeaseExpiresAt } = await stage.api.run(run.id);
    await stage.server.kill();
    await outliveLease([controllerLeaseExpiresAt]);
    await stage.reboot();

    expect(await stage.api.run(run.id)).toMatchObject({ status: "failed", errorCode: "process_lost" });
    await until("Paperclip holds the task back", async () => (await stage.api.issue(issue.id)).executionBlocker);
    const { text, command } = await advice(issue.id);
    expect(text).toContain(`Job \`${work.job}\` (namespace \`agents\`)`);
    await looksLikeIt(issue.identifier ?? "");
    // Not by anybody who wakes the agent either, until that is settled.
    expect(await stage.api.wakeup(agent.id, { payload: { issueId: issue.id } })).toMatchObject({
      status: "skipped",
      reason: "execution_reconciliation_required",
    });
    expect(jobsOf(stage)).toMatchObject([{ metadata: { uid: before?.metadata.uid }, spec: before?.spec }]);
    expect((await stage.api.runs(stage.company.id, agent.id)).map(({ id }) => id)).toEqual([run.id]);
    expect(await work.marks()).toBe("first\nsecond\n");

    // As for a person who comes a while later.
    await until("Paperclip takes it for settled", async () => (await activeRecovery(issue.id)) === null);
    await runInShell(command);
    await endsWell(stage, work, await takenOver(stage, work));
    // It was asked once, and by nothing but the one look that found the Job.
    expect((await stage.api.comments(issue.id)).filter(({ body }) => body === text)).toHaveLength(1);
  }, 300_000);
});

describe("a pod that the cluster takes, with automatic recovery off", () => {
  it("starts nothing, says on the task's page what to do, and goes on afresh when a person has done that", async () => {
    const work = await beginTask(stage, "Evan");
    const { issue, agent } = work;
    await failsByDrain(work);
    await until("Paperclip holds the task back", async () => (await stage.api.issue(issue.id)).executionBlocker);
    const { text, command } = await advice(issue.id);
    expect(text).toContain(`Run \`${work.run.id}\` of this task failed`);
    expect(await runsOf(stage, agent, issue.id)).toHaveLength(1);
    await runInShell(command);
    const next = await stage.nextRun(agent, new Set([work.run.id]));
    await finishesAnew(work, next.id);
    await until("the task is done", async () => (await stage.api.issue(issue.id)).status === "done");
  }, 180_000);

  it("of a run without a task, it starts nothing and holds nothing back: the agent is run again from its page", async () => {
    const work = await beginOnDemand(stage, "Ola");
    await failsByDrain(work);
    expect(await runsOf(stage, work.agent, null)).toHaveLength(1);
    const { id } = await stage.api.wakeup(work.agent.id, {});
    await finishesAnew(work, String(id));
  }, 180_000);
});

async function failsByDrain({ run, job }: Work): Promise<void> {
  await drain(stage, job);
  const failed = await stage.ended(run.id);
  expect(failed).toMatchObject({ status: "failed", resultJson: { verdict: "disrupted", stopped: true } });
  await until("its Job is gone", async () => !jobNames(stage).includes(job));
}

async function finishesAnew(work: Work, runId: string): Promise<void> {
  const again = "first\nsecond\nfirst\nsecond\n";
  await until("the next run is at the second step", async () => (await work.marks()) === again);
  await work.finishStep();
  expect(await stage.ended(runId)).toMatchObject({ status: "succeeded" });
}

/** On the page as well: Paperclip's own notice, whose Retry it refuses, and below it what helps. */
async function looksLikeIt(identifier: string): Promise<void> {
  await using viewer = await openBrowser();
  const page = await viewer.open(`${stage.server.url}/${stage.company.issuePrefix ?? ""}/issues/${identifier}`);
  await page.getByText("Automatic recovery of this task stopped.").waitFor();
  await page.getByText("Its Job goes on; the next run takes that over").waitFor();
  const refusal = page.waitForResponse((response) => new URL(response.url()).pathname.endsWith("/wakeup"));
  await page.getByRole("button", { name: "Retry" }).click();
  expect(await (await refusal).json()).toMatchObject({ reason: "execution_reconciliation_required" });
  await viewer.shoot("task-left-to-a-person");
}
