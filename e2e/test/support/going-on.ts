/** What "the work goes on, and nothing is done twice" means, for every way in which a server may go away. */
import { expect } from "vitest";
import type { Issue, Run } from "../../host/records.ts";
import { until } from "../../host/until.ts";
import type { Stage } from "../../stage/stage.ts";
import { jobNames, runsOf, type Work } from "../../stage/work.ts";

/** The next run of the same task takes the Job over. */
export async function takenOver(stage: Stage, { agent, issueId, run, job }: Work): Promise<Run> {
  const successor = await until(
    `another run after ${run.id}`,
    async () => (await runsOf(stage, agent, issueId)).findLast(({ id }) => id !== run.id),
    { within: 120_000 },
  );
  expect(jobNames(stage)).toContain(job);
  await until(
    "the Job is taken over",
    async () => (await stage.api.events(successor.id)).some(({ eventType }) => eventType === "k8s.job.adopted"),
    {},
    () => stage.api.run(successor.id).then(({ status, error }) => ({ status, error })),
  );
  return successor;
}

/** The successor ends well, its transcript is whole, the Job is gone, and nothing was done twice. */
export async function endsWell(stage: Stage, work: Work, successor: Run): Promise<void> {
  const { agent, run, job, marks, finishStep } = work;
  await finishStep();
  expect(await stage.ended(successor.id)).toMatchObject({
    status: "succeeded",
    resultJson: { transcript: { complete: true }, job: { name: job } },
  });
  expect(await marks()).toBe("first\nsecond\nthird\n");
  const text = (await stage.api.log(successor.id)).map(({ chunk }) => chunk).join("");
  for (const words of [
    /^◆ claude +session /m,
    /^● says +First step\.$/m,
    /^● says +Now I wait\.$/m,
    /^■ result +success/m,
  ])
    expect(text).toMatch(words);
  await until("the Job is gone", async () => !jobNames(stage).includes(job));
  const runs = await runsOf(stage, agent, work.issueId);
  expect(runs.map(({ id }) => id).toSorted()).toEqual([run.id, successor.id].toSorted());
}

/** By its agent itself, which said so once. */
export async function isDone(stage: Stage, { id }: Issue): Promise<void> {
  expect((await stage.api.issue(id)).status).toBe("done");
  const said = (await stage.api.comments(id)).filter(({ body }) => body.startsWith("Hello from my pod"));
  expect(said).toHaveLength(1);
}
