/** The cluster takes an agent's pod: the work goes on by itself, in the same session, as far as Paperclip lets it. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Run } from "../host/records.ts";
import { until } from "../host/until.ts";
import { countAtWork, drain, replaceNode, starveNode } from "../stage/disruptions.ts";
import { goesOn } from "../stage/scenes.ts";
import { Stage } from "../stage/stage.ts";
import { beginOnDemand, beginTask, jobsOf, runsOf, type Work } from "../stage/work.ts";

/** Milliseconds: Paperclip's own retry comes after 30 s, at its scheduler's next tick. */
const RETRIED_WITHIN_MS = 120_000;

let stage: Stage;
let witness: ReturnType<typeof countAtWork>;
beforeAll(async () => {
  stage = await Stage.open({ scenes: { steps: goesOn } });
  witness = countAtWork(stage);
});
afterAll(async () => {
  witness?.end();
  await stage?.[Symbol.asyncDispose]();
});

/** The run that Paperclip has planned by itself. */
function retryOf({ agent, issueId, run }: Work): Promise<Run> {
  return until("Paperclip's retry", async () =>
    (await runsOf(stage, agent, issueId)).find(({ retryOfRunId }) => retryOfRunId === run.id),
  );
}

async function failsInPassing({ run }: Work, words: RegExp): Promise<Run> {
  const failed = await stage.ended(run.id);
  expect(failed, failed.error ?? "").toMatchObject({
    status: "failed",
    resultJson: { verdict: "disrupted", errorFamily: "transient_upstream" },
  });
  expect(failed.error).toMatch(words);
  expect(failed.sessionIdAfter).toMatch(/^[0-9a-f-]{36}$/);
  return failed;
}

async function goesOnInItsSession(
  name: string,
  disrupt: (stage: Stage, job: string) => Promise<void>,
  words: RegExp,
): Promise<void> {
  const work = await beginTask(stage, name);
  await disrupt(stage, work.job);
  const { sessionIdAfter } = await failsInPassing(work, words);
  const retry = await stage.ended((await retryOf(work)).id, RETRIED_WITHIN_MS);
  expect(retry, retry.error ?? "").toMatchObject({
    status: "succeeded",
    sessionIdBefore: sessionIdAfter,
    sessionIdAfter,
  });
  expect(await work.marks()).toBe("first\nsecond\nwent on\n");
  expect(witness.most.get(work.issue.id)).toBe(1);
  expect(await stage.api.issue(work.issue.id)).toMatchObject({ status: "done", executionBlocker: null });
  expect(await runsOf(stage, work.agent, work.issueId)).toHaveLength(2);
  await nothingIsLeftOf(work);
}

const nothingIsLeftOf = ({ agent }: Work): Promise<unknown> =>
  until("no Job is left", async () =>
    jobsOf(stage).every(({ metadata }) => metadata.labels?.["paperclip.io/agent-id"] !== agent.id),
  );

// Paperclip waits 30 s before each retry: side by side, where one does not disturb the other.
describe("the cluster takes the pod of an agent", { timeout: 240_000 }, () => {
  it.concurrent("of a task, by a drain: it goes on by itself, in its session", async () => {
    await goesOnInItsSession("Dana Drain", drain, /evicted \(a node drain/);
  });

  it.concurrent("of a task, for want of memory on the node: the same", async () => {
    await goesOnInItsSession("Pia Pressure", starveNode, /low on resource: memory/);
  });

  // Paperclip keeps sessions by task: claude_local's would begin afresh as well.
  it.concurrent("of a run without a task: it is tried again by itself too, in a fresh session", async () => {
    const work = await beginOnDemand(stage, "Odo");
    await drain(stage, work.job);
    await failsInPassing(work, /evicted \(a node drain/);
    const retry = await retryOf(work);
    await until("it is at work", async () => (await work.marks()) === "first\nsecond\nfirst\nsecond\n", {
      within: RETRIED_WITHIN_MS,
    });
    await work.finishStep();
    expect(await stage.ended(retry.id)).toMatchObject({ status: "succeeded" });
    expect(witness.most.get(work.agent.id)).toBe(1);
    await nothingIsLeftOf(work);
  });

  it("of a task, with the whole node: the same", async () => {
    await goesOnInItsSession("Spencer Spot", replaceNode, /its node is gone/);
  });
});
