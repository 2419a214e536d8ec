/** Kueue before 0.19 knows no gates: a LocalQueue named default may start a Job before the adapter has let it go. */
import { expect, it } from "vitest";
import { SHORT, WORKS } from "./support/line.ts";
import { type Queues, SMALL, useQueues } from "./support/queues.ts";
import { freshId, startRun } from "./support/run.ts";
import { onDevcluster } from "./support/use-place.ts";

onDevcluster("a LocalQueue named default", () => {
  let queues: Queues;
  useQueues(
    (made) => {
      queues = made;
    },
    { admissionGates: false },
  );

  it("starts the Job at once: its agent waits for the Secret, and runs once", async () => {
    await queues.open(2, "default");
    const run = startRun(queues.place, { agent: SHORT, config: SMALL });
    const result = await run.result;
    expect(result).toMatchObject({ errorCode: null, summary: "all done" });
    expect(result.resultJson).not.toHaveProperty("earlierPods");
    await queues.untilEmpty();
  }, 60_000);

  it("of two runs of one task one agent works at a time", async () => {
    await queues.open(4, "default");
    const sampled = queues.sample();
    const agentId = `agent-${freshId()}`;
    const runs = Array.from({ length: 3 }, () => startRun(queues.place, { agent: SHORT, agentId, config: SMALL }));
    for (const { result } of runs) expect(await result).toMatchObject({ errorCode: null });
    expect(sampled.mostRunning()).toBe(1);
    sampled.stop();
    await queues.untilEmpty();
  }, 60_000);

  it("and a Stop ends it", async () => {
    await queues.open(1, "default");
    const run = startRun(queues.place, { agent: WORKS, config: SMALL });
    await run.said("ready");
    run.cancel();
    expect(await run.result).toMatchObject({ errorCode: "cancelled" });
    await queues.untilEmpty();
  }, 60_000);
});
