import { describe, expect, it } from "vitest";
import { type Clock, systemClock } from "../../src/kubernetes/clock.ts";
import { CancellationPoller } from "../../src/paperclip/cancellation-poller.ts";
import { isLong } from "../support/thoroughness.ts";
import { variant } from "../support/variant.ts";
import { finished } from "./support/finished.ts";
import { launchHeld } from "./support/held-job.ts";
import { leftovers } from "./support/leftovers.ts";
import { loseRun } from "./support/lost-run.ts";
import type { Place } from "./support/place.ts";
import { freshId, INIT, RESULT, SESSION, startRun, type TestRun } from "./support/run.ts";
import { usePlace } from "./support/use-place.ts";

let place: Place;
usePlace((opened) => {
  place = opened;
});

/** Saves its session on SIGTERM, as Claude Code does, and says so. */
const SAVES = `trap 'echo saved; exit 143' TERM; cat >/dev/null; ${INIT}; echo ready; while :; do sleep 0.1; done`;
const ACKNOWLEDGED = { executionCancellation: { state: "acknowledged", acknowledgedAt: expect.any(String) } };

/** Ten times as fast as the real one: a round of polling takes a second. */
const began = systemClock.now();
const hurried: Clock = {
  now: () => began + (systemClock.now() - began) * 10,
  sleep: (ms, signal) => systemClock.sleep(ms / 10, signal),
};
/** In the short form every third call. */
const STEP = isLong ? 1 : 3;

const polling = () => ({
  dependencies: { cancellations: new CancellationPoller({ clock: hurried, random: Math.random }) },
});

describe("a run whose record is cancelled while the host's signal never comes", () => {
  it("56: is stopped, its session saved, and acknowledged", async () => {
    const run = startRun(place, { agent: SAVES, ...polling() });
    await run.said("ready");
    place.paperclip.set(run.runId, "cancelled");
    const result = await run.result;
    expect(run.stdout()).toContain("saved");
    expect(result).toMatchObject({ errorCode: "cancelled", sessionId: SESSION, resultJson: ACKNOWLEDGED });
    expect(await leftovers(place, run)).toEqual([]);
  });

  it("lesson 2: any other status or failure of Paperclip stops nothing", async () => {
    const run = startRun(place, {
      agent: `cat >/dev/null; ${INIT}; echo ready; i=0; while [ $i -lt 80 ]; do sleep 0.1; i=$((i+1)); done; ${RESULT}`,
      ...polling(),
    });
    await run.said("ready");
    place.paperclip.set(run.runId, "failed");
    await place.paperclip.nextQuestion(run.runId);
    place.paperclip.failWith(500);
    await place.paperclip.nextQuestion(run.runId);
    place.paperclip.failWith(401);
    const denial = "does not accept the token";
    while (!run.statuses.some((line) => line.includes(denial))) await place.admin.clock.sleep(20);
    const asked = place.paperclip.asked(run.runId);
    expect(await run.result).toMatchObject({ exitCode: 0, errorCode: null });
    place.paperclip.failWith(null);
    expect(place.paperclip.asked(run.runId)).toBe(asked);
    expect(run.statuses.filter((line) => line.includes(denial))).toHaveLength(1);
    expect(await leftovers(place, run)).toEqual([]);
  });
});

describe("Stop", () => {
  it("while the image is being pulled", async () => {
    const run = startRun(place, { agent: SAVES, config: { image: "registry.invalid/no/such:image" } });
    await run.event("k8s.pod.image-error");
    run.cancel();
    expect(await run.result).toMatchObject({ errorCode: "cancelled", resultJson: ACKNOWLEDGED });
    expect(run.stdout()).toBe("");
    expect(await leftovers(place, run)).toEqual([]);
  });

  it("is repeated until the cluster confirms it", async ({ skip }) => {
    if (!place.devcluster) return skip("faults are the devcluster's");
    const run = startRun(place, { agent: SAVES });
    await run.said("ready");
    const fault = place.devcluster.faults.add({
      match: { method: "PATCH", path: /\/jobs\// },
      action: { kind: "respond", code: 500 },
      count: 4,
    });
    run.cancel();
    expect(await run.result).toMatchObject({ errorCode: "cancelled", sessionId: SESSION, resultJson: ACKNOWLEDGED });
    expect(fault.hits).toBe(4);
    fault.remove();
    expect(await leftovers(place, run)).toEqual([]);
  });

  it("during the clean-up changes nothing, and is acknowledged", async ({ skip }) => {
    if (!place.devcluster) return skip("faults are the devcluster's");
    const fault = place.devcluster.faults.add({
      match: { method: "DELETE", path: /\/jobs\// },
      action: { kind: "delay", milliseconds: 500 },
    });
    const run = startRun(place, { agent: `cat >/dev/null; ${INIT}; ${RESULT}` });
    while (fault.hits === 0) await place.admin.clock.sleep(5);
    run.cancel();
    expect(await run.result).toMatchObject({ exitCode: 0, errorCode: null, resultJson: ACKNOWLEDGED });
    fault.remove();
    expect(await leftovers(place, run)).toEqual([]);
  });

  it("after the agent's end, before the run has begun to read: each line is handed over all the same", async () => {
    const runId = `run-${freshId()}`;
    const agent = `cat >/dev/null; ${INIT}; echo first; ${RESULT}`;
    const { agentId } = await loseRun(place, { agent, after: "first", runId, status: "running" });
    await finished(place, agentId);
    const run: TestRun = startRun(place, {
      ...{ agent, runId, agentId },
      dependencies: { onJob: () => run.cancel() },
    });
    expect(await run.result).toMatchObject({
      ...{ exitCode: 0, errorCode: null, costUsd: 0.25 },
      resultJson: { ...ACKNOWLEDGED, transcript: { complete: true, lines: 3 } },
    });
    expect(run.stdout().split("\n")[1]).toBe("first");
    expect(await leftovers(place, run)).toEqual([]);
  });

  variant(
    "after the agent's end, while the log cannot be had for a moment: each line is handed over all the same",
    async ({ skip }) => {
      if (!place.devcluster) return skip("faults are the devcluster's");
      const fault = place.devcluster.faults.add({
        match: { path: /\/log$/ },
        action: { kind: "respond", code: 503 },
      });
      const run = startRun(place, { agent: `cat >/dev/null; ${INIT}; echo first; ${RESULT}` });
      await run.event("k8s.pod.ended");
      run.cancel();
      await finished(place, run.agentId);
      fault.remove();
      expect(await run.result).toMatchObject({
        ...{ exitCode: 0, errorCode: null },
        resultJson: { ...ACKNOWLEDGED, transcript: { complete: true, lines: 3 } },
      });
      expect(await leftovers(place, run)).toEqual([]);
    },
  );

  variant("after the agent's end, while Paperclip takes its lines slowly, returns within seconds", async () => {
    let taken = 0;
    const onLog = async (): Promise<void> => {
      taken++;
      await systemClock.sleep(500);
    };
    const lines = `i=0; while [ $i -lt 4000 ]; do echo "line $i ${"x".repeat(200)}"; i=$((i+1)); done`;
    const run = startRun(place, { agent: `cat >/dev/null; ${INIT}; ${lines}; ${RESULT}`, context: { onLog } });
    await run.event("k8s.pod.ended");
    const stoppedAt = performance.now();
    run.cancel();
    expect(await run.result).toMatchObject({ exitCode: 0, errorCode: null, resultJson: ACKNOWLEDGED });
    expect(performance.now() - stoppedAt).toBeLessThan(15_000);
    expect(taken).toBeGreaterThan(0);
    expect(await leftovers(place, run)).toEqual([]);
  });

  // Side by side: each has a namespace of its own, by which its calls are known.
  it.concurrent.for([
    ["of a new run", () => undefined],
    ["of a run that takes over an orphan", leaveOrphan],
  ] as const)("during any call %s ends it and leaves nothing alive", async ([, prepare], { skip, expect }) => {
    if (!place.devcluster) return skip("faults are the devcluster's");
    const { faults } = place.devcluster;
    const apart = await place.apart();
    const codes: unknown[] = [];
    for (let call = 0; ; call += STEP) {
      const agentId = `agent-${freshId()}`;
      await prepare(apart, agentId);
      const fault = faults.add({
        match: { path: new RegExp(`/namespaces/${apart.namespace}/`) },
        skip: call,
        count: 1,
        action: { kind: "delay", milliseconds: 300 },
      });
      const agent = `trap 'exit 143' TERM; cat >/dev/null; ${INIT}; sleep 0.5; ${RESULT}`;
      const run = startRun(apart, { agent, agentId });
      let over = false;
      const ended = run.result.then((result) => {
        over = true;
        return result;
      });
      while (fault.hits === 0 && !over) await place.admin.clock.sleep(5);
      run.cancel();
      const result = await ended;
      const never = fault.hits === 0;
      fault.remove();
      expect(await leftovers(apart, { agentId }), `call ${call}`).toEqual([]);
      if (never) break;
      codes.push(result.errorCode);
      if (result.errorCode === "cancelled") expect(result.resultJson, `call ${call}`).toMatchObject(ACKNOWLEDGED);
    }
    // Only what came after the agent's own end could not stop it any more.
    expect(codes.filter((code) => code === "cancelled").length).toBeGreaterThan(4 / STEP);
  });
});

/** A living Job of a run that is over; nothing but a run that takes it over will end it soon. */
async function leaveOrphan(place: Place, agentId: string): Promise<void> {
  const runId = `run-${freshId()}`;
  place.paperclip.set(runId, "failed");
  await launchHeld(place, { agentId, runId, seconds: 2 });
}
