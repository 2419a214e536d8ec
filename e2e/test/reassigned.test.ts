/** A task is given to another agent while its run is lost: the first agent's Job is stopped before the second begins. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { until } from "../host/until.ts";
import { steps } from "../stage/scenes.ts";
import { Stage } from "../stage/stage.ts";
import { beginTask, jobNames, jobsOf, outliveLease, runsOf } from "../stage/work.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open({ scenes: { steps } });
});
afterAll(() => stage?.[Symbol.asyncDispose]());

it("never has two agents at work on it", async () => {
  const work = await beginTask(stage, "Ann");
  const ben = await stage.agent("Ben");
  const { controllerLeaseExpiresAt } = await stage.api.run(work.run.id);
  await stage.server.kill();
  await outliveLease([controllerLeaseExpiresAt]);
  await stage.reboot();
  const { status } = await stage.api.ask("PATCH", `/issues/${work.issue.id}`, {
    assigneeAgentId: ben.id,
    status: "todo",
  });
  expect(status).toBe(200);
  // Ben's first and second step follow Ann's in the same file; each waits there for the same permission to go on.
  const marks = (): Promise<string> =>
    readFile(join(stage.cluster.homeFolder ?? "", `marks-${work.issue.id}`), "utf8").catch(() => "");
  await until(
    "Ben is at his second step",
    async () => (await marks()).startsWith("first\nsecond\nfirst\nsecond"),
    { within: 150_000 },
    async () => ({ marks: await marks(), runs: await runsOf(stage, ben, work.issue.id), jobs: jobNames(stage) }),
  );
  const working = jobsOf(stage).filter(({ spec }) => (spec as { suspend?: boolean }).suspend !== true);
  expect(working.map(({ metadata }) => metadata.labels?.["paperclip.io/agent-id"])).toEqual([ben.id]);
  await work.finishStep();
  await until("the task is done", async () => (await stage.api.issue(work.issue.id)).status === "done");
  expect(await marks()).toBe("first\nsecond\nfirst\nsecond\nthird\n");
  const [run] = await runsOf(stage, ben, work.issue.id);
  expect(await stage.ended(run?.id ?? "")).toMatchObject({ status: "succeeded" });
}, 300_000);
