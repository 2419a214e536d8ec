/** `queue`: Kueue lets the Job go, and the run says what it waits for. */
import { describe, expect, it } from "vitest";
import { LABELS } from "../../src/run/shared/names.ts";
import { leftovers } from "./support/leftovers.ts";
import { SHORT, WORKS } from "./support/line.ts";
import { type Queues, SMALL, useQueues } from "./support/queues.ts";
import { type RunOptions, startRun, type TestRun } from "./support/run.ts";

let queues: Queues;
useQueues((made) => {
  queues = made;
});

const start = ({ config, ...options }: RunOptions): TestRun =>
  startRun(queues.place, { ...options, config: { ...SMALL, queue: "team", ...config } });

async function end(run: TestRun): Promise<void> {
  run.cancel();
  expect(await run.result).toMatchObject({ errorCode: "cancelled" });
}

describe("a run in a queue", () => {
  it("is let go by the queue, and leaves nothing behind", async () => {
    await queues.open(2);
    const run = start({ agent: SHORT });
    const result = await run.result;
    expect(result).toMatchObject({ errorCode: null, summary: "all done" });
    expect(await leftovers(queues.place, run)).toEqual([]);
  });

  it("waits when it is full, is told why, and goes on when there is room", async () => {
    await queues.open(1);
    const first = start({ agent: WORKS });
    await first.said("ready");
    const second = start({ agent: SHORT });
    const told = await second.event("k8s.run.queued", /insufficient unused quota for cpu/);
    expect(told.message).toMatch(
      /^Waiting in queue team: couldn't assign flavors to pod set main: .* 100m more needed$/,
    );
    expect(told).toMatchObject({ level: "info", payload: { queue: "team", before: null } });
    await end(first);
    expect(await second.result).toMatchObject({ errorCode: null });
    await queues.untilEmpty();
  });

  it("can be stopped there: nothing of it ever ran, and its Job is gone", async () => {
    await queues.open(1);
    const first = start({ agent: WORKS });
    await first.said("ready");
    const second = start({ agent: WORKS });
    await second.event("k8s.run.queued");
    second.cancel();
    const result = await second.result;
    expect(result.errorMessage).toMatch(/it was stopped before its agent started/);
    expect(result.resultJson).toMatchObject({ stopped: true, executionCancellation: { state: "acknowledged" } });
    expect(await leftovers(queues.place, second)).toEqual([]);
    await end(first);
  });

  it("is given up after queueTimeoutSec", async () => {
    await queues.open(1);
    const first = start({ agent: WORKS });
    await first.said("ready");
    const second = start({ agent: WORKS, config: { queueTimeoutSec: 2 } });
    const result = await second.result;
    expect(result).toMatchObject({ errorCode: "k8s_queue_refused" });
    expect(result.errorMessage).toMatch(/The run waited \d s in queue team: couldn't assign flavors/);
    expect(await leftovers(queues.place, second)).toEqual([]);
    await end(first);
  });

  it("that does not exist is given up with Kueue's words, or with none where they may not be read", async () => {
    const run = start({ agent: WORKS, config: { queue: "nope", queueTimeoutSec: 2 } });
    const result = await run.result;
    expect(result).toMatchObject({ errorCode: "k8s_queue_refused" });
    expect(result.errorMessage).toMatch(/in queue nope\b/);
  });

  it("asks for more than there is: said by the Event, and given up", async () => {
    await queues.open(1);
    const run = start({ agent: WORKS, config: { "resources.requests.cpu": "900m", podStartTimeoutSec: 3 } });
    const result = await run.result;
    expect(result).toMatchObject({ errorCode: "k8s_queue_refused" });
    expect(result.errorMessage).toMatch(/> maximum capacity \(100m\)/);
    expect(result.errorMessage).toMatch(/Lower resources\.requests/);
  });
});

it("a LocalQueue named default takes a run that names none: it is let go rightly", async () => {
  await queues.open(1, "default");
  const run = startRun(queues.place, { agent: SHORT, config: SMALL });
  expect(await run.result).toMatchObject({ errorCode: null });
  const other = startRun(queues.place, { agent: WORKS, config: SMALL });
  await other.said("ready");
  const job = await queues.jobOf(other);
  expect(job?.metadata.labels).toMatchObject({ [LABELS.runId]: other.runId, "kueue.x-k8s.io/queue-name": "default" });
  await end(other);
});
