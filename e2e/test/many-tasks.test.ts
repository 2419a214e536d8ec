/** One agent with several tasks: they are worked on side by side, and each outlives the server by itself. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Issue, Run } from "../host/records.ts";
import { until } from "../host/until.ts";
import { finishAfter, steps } from "../stage/scenes.ts";
import { Stage } from "../stage/stage.ts";
import { beginTasks, jobNames, type Work } from "../stage/work.ts";
import { endsWell, isDone, takenOver } from "./support/going-on.ts";

/** Seconds that the agent works on each of its tasks. */
const TASK_SEC = 20;
const TASKS = 8;

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open({ scenes: { steps, slow: finishAfter(TASK_SEC) } });
});
afterAll(() => stage?.[Symbol.asyncDispose]());

describe("an agent with eight tasks", () => {
  it("works on all of them at once, and no run of it fails", async () => {
    const agent = await stage.agent("Mia");
    const begun = performance.now();
    const issues = await Promise.all(
      Array.from({ length: TASKS }, (_, index) =>
        stage.api.createIssue(stage.company.id, {
          title: `Task ${index + 1} of Mia's [scene:slow]`,
          assigneeAgentId: agent.id,
        }),
      ),
    );
    const closed = async (): Promise<boolean> => {
      const seen = await Promise.all(issues.map(({ id }) => stage.api.issue(id)));
      return seen.every(({ status }) => status === "done");
    };
    await until("all tasks are done", closed, { within: 200_000, every: 500 }, () =>
      stage.api.runs(stage.company.id, agent.id).then((runs) => runs.map(({ status, error }) => error ?? status)),
    );
    await Promise.all(issues.map((issue) => isDone(stage, issue)));
    const runs = await until("no run of hers goes on", async () => {
      const all = await stage.api.runs(stage.company.id, agent.id);
      return all.every(({ finishedAt }) => finishedAt !== null) && all;
    });
    const seconds = (performance.now() - begun) / 1000;
    expect(runs.map(({ status, error }) => error ?? status)).toEqual(runs.map(() => "succeeded"));
    expect(runs).toHaveLength(TASKS);
    // One after the other they would take 160 s; the bound leaves a slow machine half of that.
    expect(seconds).toBeLessThan((TASKS * TASK_SEC) / 2);
    console.log(`${TASKS} tasks of ${TASK_SEC} s each: ${seconds.toFixed(1)} s`);
  }, 240_000);
});

// Killed, with more of them: company.test.ts.
describe("the server is stopped while an agent works on five tasks", () => {
  it("each task's Job is adopted by a run of that task", async () => {
    const works = await beginTasks(stage, "Five", 5);
    await stage.server.stop();
    expect(jobNames(stage).toSorted()).toEqual(works.map(({ job }) => job).toSorted());
    await stage.reboot();
    const successors = await Promise.all(works.map((work) => takenOver(stage, work)));
    await Promise.all(works.map((work, index) => goesOn(work, successors[index])));
    expect(jobNames(stage)).toEqual([]);
  }, 300_000);
});

async function goesOn(work: Work & { readonly issue: Issue }, successor: Run | undefined): Promise<void> {
  if (!successor) throw new Error("one for each");
  await endsWell(stage, work, successor);
  await isDone(stage, work.issue);
  await until("its Job is gone", async () => !jobNames(stage).includes(work.job));
}
