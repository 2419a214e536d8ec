/** The server is killed, or stopped, while an agent works: the Job lives on, the task goes on without a person. */
import { glob, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Agent, Issue, Run } from "../host/records.ts";
import { until } from "../host/until.ts";
import { steps } from "../stage/scenes.ts";
import { Stage } from "../stage/stage.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open({ scenes: { steps } });
});
afterAll(() => stage?.[Symbol.asyncDispose]());

/** Milliseconds: a dead server's lease on its runs lasts 60 s; a boot after that finds them lost at once (measured). */
const LEASE_MS = 65_000;

const marks = (issue: Issue): Promise<string> =>
  readFile(join(stage.cluster.homeFolder ?? "", `marks-${issue.id}`), "utf8").catch(() => "");
const letGo = (issue: Issue): Promise<void> => writeFile(join(stage.cluster.homeFolder ?? "", `go-${issue.id}`), "");
/** The kubelet has brought it, wherever the devcluster keeps the pod's volume. */
const hasNewToken = async (): Promise<boolean> =>
  (await Array.fromAsync(glob(join(stage.home.folder, "cluster/pods/*/volumes/token/1.sh")))).length > 0;
const jobsOf = (): string[] =>
  stage.cluster.devcluster?.store.list("jobs", "agents").map(({ metadata }) => metadata.name) ?? [];

async function begin(name: string): Promise<{ agent: Agent; issue: Issue; run: Run; job: string }> {
  const agent = await stage.agent(name);
  const { issue, run } = await stage.task(agent, `${name} works in steps [scene:steps]`);
  await until("the agent is at its second step", async () => (await marks(issue)).includes("second"));
  const [job = ""] = jobsOf();
  return { agent, issue, run, job };
}

/** The task's next run takes the Job over and ends well; then nothing is left, and nothing was done twice. */
async function goesOn({ agent, issue, run, job }: Awaited<ReturnType<typeof begin>>): Promise<void> {
  const before = new Set([run.id]);
  const successor = await stage.nextRun(agent, before, 120_000);
  expect(jobsOf()).toEqual([job]);
  await until(
    "the Job is taken over",
    async () => (await stage.api.events(successor.id)).some(({ eventType }) => eventType === "k8s.job.adopted"),
    {},
    () => stage.api.run(successor.id).then(({ status, error }) => ({ status, error })),
  );
  await until("the agent's pod has its new token", hasNewToken);
  await letGo(issue);
  const ended = await stage.ended(successor.id);
  expect(ended).toMatchObject({
    status: "succeeded",
    resultJson: { transcript: { complete: true }, job: { name: job } },
  });
  expect(await marks(issue)).toBe("first\nsecond\nthird\n");
  const text = (await stage.api.log(successor.id)).map(({ chunk }) => chunk).join("");
  for (const words of [
    /^◆ claude +session /m,
    /^● says +First step\.$/m,
    /^● says +Now I wait\.$/m,
    /^■ result +success/m,
  ])
    expect(text).toMatch(words);
  // The agent has the token of the run that took its Job over, so it closes its task itself: there is no third run.
  expect((await stage.api.issue(issue.id)).status).toBe("done");
  const said = (await stage.api.comments(issue.id)).filter(({ body }) => body.startsWith("Hello from my pod"));
  expect(said).toHaveLength(1);
  await until("the Job is gone", async () => jobsOf().length === 0);
  expect(stage.cluster.devcluster?.store.list("secrets", "agents") ?? []).toEqual([]);
  const runs = await stage.api.runs(stage.company.id, agent.id);
  expect(runs.map(({ id }) => id).toSorted()).toEqual([run.id, successor.id].toSorted());
}

describe("the server goes away while an agent works", () => {
  it("SIGTERM, then boot", async () => {
    const work = await begin("Terry");
    await stage.server.stop();
    expect(jobsOf()).toEqual([work.job]);
    await stage.reboot();
    expect(await stage.api.run(work.run.id)).toMatchObject({ status: "interrupted" });
    await goesOn(work);
  }, 240_000);

  it("SIGKILL, then boot when its lease is over", async () => {
    const work = await begin("Kim");
    await stage.server.kill();
    await sleep(LEASE_MS);
    expect(jobsOf()).toEqual([work.job]);
    await stage.reboot();
    await goesOn(work);
    expect(await stage.api.run(work.run.id)).toMatchObject({ status: "failed", errorCode: "process_lost" });
  }, 300_000);
});
