/** Following where a container of its own keeps the record. */
import { describe, expect, it } from "vitest";
import { containerState } from "../../../src/run/follow/observed-container.ts";
import { limitRecorder, withRecordersEnd } from "../../../src/run/follow/recorder.ts";
import type { Observation } from "../../../src/run/observe/evidence/reduce.ts";
import { createObservedRun } from "../../../src/run/observe/observed-run.ts";
import { ManualClock } from "../../kubernetes/support/clocks.ts";
import { eventually } from "../../kubernetes/support/eventually.ts";
import { container, job, podObject, RUN, sealOf, T0 } from "../support/evidence.ts";

type State = Parameters<typeof container>[0];

const FACTS = { ...RUN, recorder: "separate" } as const;
const RUNS: State = { running: { startedAt: "2026-11-22T07:00:01Z" } };
const ended = (exitCode: number): State => ({
  terminated: { exitCode, reason: exitCode === 0 ? "Completed" : "Error", startedAt: "2026-11-22T07:00:01Z" },
});

function pod(agent: State, recorder: State, again: object = {}): Observation {
  const initContainerStatuses = [{ ...container(recorder, "recorder"), ...again }];
  const status = { phase: "Running", containerStatuses: [container(agent)], initContainerStatuses };
  return { kind: "pod", pod: podObject(status), deleted: false, at: T0 };
}

function observe(...seen: readonly Observation[]) {
  const observed = createObservedRun(FACTS);
  for (const one of [job(), ...seen]) observed.add(one);
  return observed;
}

describe("the log of a recorder", () => {
  it("goes on until the recorder's end, not the agent's", () => {
    const observed = observe(pod(RUNS, RUNS));
    expect(containerState(observed.evidence)).toBe("running");
    observed.add(pod(ended(0), RUNS));
    expect(containerState(observed.evidence)).toBe("running");
    observed.add(pod(ended(0), ended(0)));
    expect(containerState(observed.evidence)).toBe("terminated");
  });

  it("has ended with the recorder's seal once the agent's container has ended", () => {
    const stdout = { lines: 0, bytes: 0, sha256: "", newline: true };
    const observed = observe(pod(RUNS, RUNS));
    observed.add({ kind: "log-sealed", seal: sealOf(0, { stdout }), at: T0 });
    expect(containerState(observed.evidence)).toBe("running");
    observed.add(pod(ended(0), RUNS));
    expect(containerState(observed.evidence)).toBe("terminated");
  });

  it("has ended with the first recorder, though another one runs", () => {
    const observed = observe(pod(RUNS, RUNS, { restartCount: 1, lastState: ended(137) }));
    expect(containerState(observed.evidence)).toBe("terminated");
  });

  it("is given up a minute after the agent's end, should nobody tell of the recorder's", async () => {
    const clock = new ManualClock();
    const observed = observe(pod(RUNS, RUNS));
    const limit = limitRecorder(observed, clock, new AbortController().signal);
    observed.add(pod(ended(0), RUNS));
    await eventually(() => clock.sleeping.length === 1, "the limit is set");
    clock.advance(59_999);
    expect(limit.signal.aborted).toBe(false);
    clock.advance(1);
    await eventually(() => limit.signal.aborted, "the recorder is overdue");
    await limit.stop();
    const why = "the follower was stopped before the container's end";
    expect(withRecordersEnd({ state: "unproven", lines: 1, why }, observed.evidence)).toMatchObject({
      why: `${why}; the recorder's container was not seen to end`,
    });
  });

  it("is not limited while the agent runs, and its limit goes with the run", async () => {
    const clock = new ManualClock();
    const limit = limitRecorder(observe(pod(RUNS, RUNS)), clock, new AbortController().signal);
    await limit.stop();
    expect(clock.sleeping).toEqual([]);
    expect(limit.signal.aborted).toBe(false);
  });
});
