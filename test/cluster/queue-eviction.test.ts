/** What a queue takes back it lets go again: the run waits, and goes on in a new pod. */
import { expect, it } from "vitest";
import { createTelemetry } from "../../src/telemetry/telemetry.ts";
import { WORKS } from "./support/line.ts";
import { PRIORITY, type Queues, SMALL, useQueues } from "./support/queues.ts";
import { INIT, RESULT, type RunOptions, SESSION, startRun, type TestRun } from "./support/run.ts";

let queues: Queues;
useQueues((made) => {
  queues = made;
});

const start = ({ config, ...options }: RunOptions): TestRun =>
  startRun(queues.place, { ...options, config: { ...SMALL, queue: "team", ...config } });

/** Works until it is told to stop, and then saves its session. */
const SAVES = `trap '${RESULT.replaceAll("'", `'"'"'`)}; echo saved; exit 143' TERM; cat >/dev/null; ${INIT}; echo ready; while :; do sleep 0.1; done`;

const count = (text: string, word: string): number => text.split(word).length - 1;

async function untilReadyAgain(run: TestRun, times: number): Promise<void> {
  while (count(run.stdout(), "ready\n") < times) await queues.place.admin.clock.sleep(50);
}

async function end(run: TestRun): Promise<void> {
  run.cancel();
  expect(await run.result).toMatchObject({ errorCode: "cancelled" });
}

it("a preemption in the middle of a turn is a wait: both pods' transcripts and costs are told apart", async () => {
  await queues.open(1);
  const phases: string[] = [];
  const trace = { traceparent: null, link: () => undefined, end: () => undefined };
  const telemetry = createTelemetry(() => ({ ...trace, phase: (name) => void phases.push(name) }));
  const victim = start({ agent: SAVES, dependencies: { telemetry } });
  await victim.said("ready");
  const [first] = await queues.podsOf(victim);
  const urgent = start({
    agent: `cat >/dev/null; ${INIT}; ${RESULT}`,
    config: { labels: { [PRIORITY]: queues.highPriority } },
  });
  const told = await victim.event("k8s.run.taken-back");
  expect(told).toMatchObject({ level: "warn", payload: { queue: "team", pod: first?.metadata.name } });
  expect(told.message).toMatch(
    /^Queue team took pod \S+ back \(Preempted to accommodate a workload .*\): the run waits in the queue, and then begins anew/,
  );
  expect(await urgent.result).toMatchObject({ errorCode: null });
  await untilReadyAgain(victim, 2);
  const [second] = await queues.podsOf(victim);
  victim.cancel();
  const result = await victim.result;
  expect(result).toMatchObject({
    errorCode: "cancelled",
    sessionId: SESSION,
    usage: { inputTokens: 14, outputTokens: 10 },
  });
  expect(count(victim.stdout(), "saved\n")).toBe(2);
  const once = ["queue", "schedule", "pull", "start", "agent", "drain"];
  expect(phases).toEqual(["prepare", "claim", ...once, ...once, "verdict"]);
  expect(result.resultJson).toMatchObject({
    pod: { uid: second?.metadata.uid },
    transcript: { complete: true },
    earlierPods: [
      {
        uid: first?.metadata.uid,
        why: expect.stringMatching(/^Preempted to accommodate/),
        transcript: { complete: true },
        sessionId: SESSION,
        usage: { inputTokens: 7 },
        cost: { usd: 0.25 },
      },
    ],
  });
  await queues.untilEmpty();
}, 60_000);

it("HoldAndDrain and back: the run waits while its queue is stopped, in its words, and goes on", async () => {
  await queues.open(2);
  const run = start({ agent: WORKS });
  await run.said("ready");
  await queues.stopPolicy("HoldAndDrain");
  await run.event("k8s.run.taken-back", /\(The LocalQueue is stopped\)/);
  await run.event("k8s.run.queued", /in queue team/);
  await queues.stopPolicy("None");
  await untilReadyAgain(run, 2);
  await end(run);
  await queues.untilEmpty();
}, 60_000);

it("a Stop while it waits again is obeyed at once, and says that nothing ran", async () => {
  await queues.open(2);
  const run = start({ agent: SAVES });
  await run.said("ready");
  await queues.stopPolicy("HoldAndDrain");
  await run.event("k8s.run.taken-back");
  await run.event("k8s.run.queued");
  run.cancel();
  const result = await run.result;
  expect(result).toMatchObject({ errorCode: "cancelled", sessionId: SESSION });
  expect(result.errorMessage).toMatch(/it waited in its queue, and nothing of it ran/);
  expect(result.resultJson).toMatchObject({ executionCancellation: { state: "acknowledged" }, earlierPods: [{}] });
  await queues.untilEmpty();
}, 60_000);

it("a Stop in the middle of an eviction ends it for good", async () => {
  await queues.open(2);
  const slow = `trap 'sleep 1; echo saved; exit 143' TERM; cat >/dev/null; ${INIT}; echo ready; while :; do sleep 0.1; done`;
  const run = start({ agent: slow });
  await run.said("ready");
  await queues.stopPolicy("HoldAndDrain");
  await run.event("k8s.pod.leaving");
  run.cancel();
  expect(await run.result).toMatchObject({ errorCode: "cancelled" });
  expect(run.stdout()).toContain("saved");
  await queues.untilEmpty();
}, 60_000);

it("an agent that finishes in its grace has finished: it is not started again", async () => {
  await queues.open(2);
  const finishes = `trap '${RESULT.replaceAll("'", `'"'"'`)}; exit 0' TERM; cat >/dev/null; ${INIT}; echo ready; while :; do sleep 0.1; done`;
  const run = start({ agent: finishes });
  await run.said("ready");
  await queues.stopPolicy("HoldAndDrain");
  expect(await run.result).toMatchObject({ errorCode: null, summary: "all done" });
  await queues.untilEmpty();
}, 60_000);

it("a run that Kueue takes out for good ends, with Kueue's words", async () => {
  await queues.open(2);
  const run = start({ agent: SAVES });
  await run.said("ready");
  await queues.deactivate(run);
  const result = await run.result;
  expect(result).toMatchObject({ errorCode: "k8s_queue_refused", sessionId: SESSION });
  expect(result.errorMessage).toMatch(/Kueue took the run out of queue team for good: The workload is deactivated/);
  await queues.untilEmpty();
}, 60_000);

it("somebody who deletes the pod is still said to have done so", async () => {
  await queues.open(2);
  const run = start({ agent: SAVES });
  await run.said("ready");
  await queues.deletePod(run);
  expect(await run.result).toMatchObject({ errorCode: "k8s_pod_deleted_externally", exitCode: 143 });
  await queues.untilEmpty();
}, 60_000);
