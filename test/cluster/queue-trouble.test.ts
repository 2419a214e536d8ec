/** A queue with trouble: twenty runs for two places, a server that is killed, Kueue that is away, a home that is kept. */
import { describe, expect, it } from "vitest";
import { variant } from "../support/variant.ts";
import { type AdapterProcess, startAdapterProcess } from "./support/adapter-process.ts";
import { settingsOf } from "./support/context.ts";
import { makeClaim } from "./support/host-pod.ts";
import { SHORT, WORKS } from "./support/line.ts";
import { type Queues, SMALL, useQueues } from "./support/queues.ts";
import { freshId, INIT, RESULT, type RunOptions, SESSION, startRun, type TestRun } from "./support/run.ts";
import { onDevcluster } from "./support/use-place.ts";

let queues: Queues;
useQueues((made) => {
  queues = made;
});

const configOf = (config: Record<string, unknown> = {}) => ({ ...SMALL, queue: "team", ...config });
const start = ({ config, ...options }: RunOptions): TestRun =>
  startRun(queues.place, { ...options, config: configOf(config) });

async function end(run: TestRun): Promise<void> {
  run.cancel();
  expect(await run.result).toMatchObject({ errorCode: "cancelled" });
}

it("twenty runs in a queue for two: never more than two at once, and all of them end", async () => {
  await queues.open(2);
  const sampled = queues.sample();
  const runs = Array.from({ length: 20 }, () => start({ agent: SHORT }));
  for (const { result } of runs) expect(await result).toMatchObject({ errorCode: null, summary: "all done" });
  expect(sampled.stop()).toBe(2);
  await queues.untilEmpty();
}, 120_000);

describe("a server that is killed", () => {
  /** A run in a process of its own, which is killed; gives the next run of its task. */
  async function lose(agent: string, until: (server: AdapterProcess, runId: string) => Promise<unknown>) {
    const { place } = queues;
    const settings = settingsOf(place, { agent, config: configOf(), agentId: `agent-${freshId()}` });
    const server = await startAdapterProcess();
    place.paperclip.set(settings.runId, "running");
    server.execute(settings, place.paperclip.url).catch(() => "its process dies");
    await until(server, settings.runId);
    await server.kill("SIGKILL");
    place.paperclip.set(settings.runId, "failed");
    return start({ agent, agentId: settings.agentId, wake: { retryOfRunId: settings.runId } });
  }

  it("while its run waits: the next one adopts the Job in the queue, with its place", async () => {
    await queues.open(1);
    const first = start({ agent: WORKS });
    await first.said("ready");
    const next = await lose(SHORT, (_, runId) => queues.untilLetGo(runId));
    await next.event("k8s.job.adopted");
    await next.event("k8s.run.queued");
    await end(first);
    expect(await next.result).toMatchObject({ errorCode: null });
    await queues.untilEmpty();
  }, 60_000);

  variant(
    "while its agent works: the next one takes it over; a Stop ends it",
    async () => {
      await queues.open(1);
      const next = await lose(WORKS, (server, runId) => server.said(runId, "ready"));
      await next.said("ready");
      await end(next);
      await queues.untilEmpty();
    },
    60_000,
  );

  variant(
    "while its queue is drained: the next one waits with the Job, and goes on with it",
    async () => {
      await queues.open(1);
      const next = await lose(WORKS, async (server, runId) => {
        await server.said(runId, "ready");
        await queues.stopPolicy("HoldAndDrain");
        await queues.untilWithoutPods(runId);
      });
      await next.event("k8s.run.queued");
      await queues.stopPolicy("None");
      await next.said("ready");
      await end(next);
      await queues.untilEmpty();
    },
    60_000,
  );
});

onDevcluster("Kueue that is away", () => {
  const kueue = () => {
    const found = queues.place.devcluster?.kueue;
    if (!found) throw new Error("no Kueue");
    return found;
  };

  it("is waited for before a Job is made, and that is said", async () => {
    await queues.open(1);
    kueue().down();
    const run = start({ agent: SHORT });
    const { message } = await run.event("k8s.api.waiting");
    expect(message).toMatch(/its webhook mjob\.kb\.io \(Kueue\) does not answer/);
    kueue().up();
    expect(await run.result).toMatchObject({ errorCode: null });
    await queues.untilEmpty();
  }, 60_000);

  variant.each([configOf(), SMALL])(
    "keeps no Stop from ending an agent, of a queue or not",
    async (config) => {
      await queues.open(1);
      const saves = `trap 'echo saved; exit 143' TERM; cat >/dev/null; ${INIT}; echo ready; while :; do sleep 0.1; done`;
      const run = startRun(queues.place, { agent: saves, config });
      await run.said("ready");
      kueue().down();
      run.cancel();
      const result = await run.result;
      kueue().up();
      expect(result).toMatchObject({ errorCode: "cancelled", exitCode: 143 });
      expect(result.resultJson).toMatchObject({ executionCancellation: { state: "acknowledged" } });
      expect(run.stdout()).toContain("saved");
      await queues.untilEmpty();
    },
    60_000,
  );

  it("leaves a queued run waiting, which can be stopped", async () => {
    await queues.open(1);
    const first = start({ agent: WORKS });
    await first.said("ready");
    const second = start({ agent: WORKS });
    await second.event("k8s.run.queued");
    kueue().down();
    await end(second);
    kueue().up();
    await end(first);
    await queues.untilEmpty();
  }, 60_000);
});

onDevcluster("a home that is kept", () => {
  it("lets the next pod go on in the session of the one that was taken back", async () => {
    await queues.open(1);
    await makeClaim(queues.place, "kept");
    const goesOn = `echo "resumes $*"; cat; echo; ${RESULT}`;
    const begins = `trap 'exit 143' TERM; cat >/dev/null; ${INIT}; echo ready; while :; do sleep 0.1; done`;
    const agent = `case "$*" in *--resume*) ${goesOn};; *) ${begins};; esac`;
    const run = start({ agent, config: { homeClaim: "kept" } });
    await run.said("ready");
    await queues.stopPolicy("HoldAndDrain");
    const { message } = await run.event("k8s.run.taken-back");
    expect(message).toMatch(/and then goes on in its session$/);
    await queues.stopPolicy("None");
    expect(await run.result).toMatchObject({ errorCode: null, summary: "all done", sessionId: SESSION });
    expect(run.stdout()).toMatch(new RegExp(`resumes .*--resume ${SESSION}`));
    expect(run.stdout()).toContain("Look at what is done already, and go on from there.");
    await queues.untilEmpty();
  }, 60_000);
});
