/** A pod that is not ready in time is taken back by its queue, and tried again, as often as Kueue is told to. */
import { expect, it } from "vitest";
import { WORKS } from "./support/line.ts";
import { type Queues, SMALL, useQueues } from "./support/queues.ts";
import { startRun } from "./support/run.ts";
import { onDevcluster } from "./support/use-place.ts";

onDevcluster("a queue that waits for pods to be ready", () => {
  let queues: Queues;
  useQueues(
    (made) => {
      queues = made;
    },
    { podsReady: { timeoutMs: 400, retries: 1 } },
  );

  it("takes a pod without a node back, then the run for good: each is told, and the end is Kueue's word", async () => {
    await queues.open(1);
    const config = { ...SMALL, queue: "team", nodeSelector: { "no-such": "node" } };
    const run = startRun(queues.place, { agent: WORKS, config });
    await run.event("k8s.run.taken-back", /\(Exceeded the PodsReady timeout /);
    const result = await run.result;
    expect(result).toMatchObject({ errorCode: "k8s_queue_refused" });
    expect(result.errorMessage).toMatch(
      /for good: The workload is deactivated due to exceeding the maximum number of re-queuing/,
    );
    expect(result.resultJson).toMatchObject({
      earlierPods: expect.arrayContaining([
        expect.objectContaining({ why: expect.stringMatching(/^Exceeded the PodsReady/) }),
      ]),
    });
    await queues.untilEmpty();
  }, 60_000);
});
