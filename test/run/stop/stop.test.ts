import { afterEach, expect, it } from "vitest";
import { createObservedRun } from "../../../src/run/observe/observed-run.ts";
import { jobInCluster } from "../../../src/run/shared/launched-run.ts";
import { enforceStop, stopDeadlineSec } from "../../../src/run/stop/stop.ts";
import { type Handler, json, refuse } from "../../kubernetes/support/api-server.ts";
import { ManualClock } from "../../kubernetes/support/clocks.ts";
import { eventually } from "../../kubernetes/support/eventually.ts";
import { clientOf } from "../../kubernetes/support/one-client.ts";
import { ended, JOB, job, pod, RUN, RUNNING } from "../support/evidence.ts";

let runEnded = new AbortController();
afterEach(() => runEnded.abort());

const suspends: Handler = (_, reply) =>
  json(reply, 200, {
    ...JOB,
    spec: { ...JOB.spec, suspend: true },
    metadata: { ...JOB.metadata, resourceVersion: "8" },
  });
const finished: Handler = (_, reply) => refuse(reply, 422, "Invalid", "spec.suspend: field is immutable");

/** A run whose agent works, a real client of the server, and a clock that passes when told to. */
async function setUp(handler: Handler, graceSec: number) {
  const clock = new ManualClock();
  const { client, server } = await clientOf(handler, { clock });
  runEnded = new AbortController();
  const observed = createObservedRun(RUN);
  observed.add(job());
  observed.add(pod(RUNNING));
  const stopSignal = new AbortController();
  const silence = { silenceLimitSec: 0, toolSilenceLimitSec: 0 };
  const terms = { facts: RUN, graceSec, silence, session: {} };
  const run = { ...jobInCluster(JOB), terms };
  const { signal } = stopSignal;
  const { detached } = enforceStop({
    client,
    runId: "run",
    run,
    observed,
    stopSignal: signal,
    runEnded: runEnded.signal,
  });
  return {
    clock,
    observed,
    detached,
    server,
    stop: () => stopSignal.abort(new Error("Cancelled by a board operator")),
  };
}

it("a Stop after the agent's end asks nothing of the cluster, and waits ten seconds for the last lines", async () => {
  const { clock, observed, detached, server, stop } = await setUp(suspends, 45);
  observed.add(ended(0));
  stop();
  await eventually(() => clock.sleeping.length === 1, "the last lines are waited for");
  expect(observed.evidence.acts.cancel).toMatchObject({ by: "the host" });
  clock.advance(9_999);
  expect(detached.aborted).toBe(false);
  clock.advance(1);
  await eventually(() => detached.aborted, "the run is detached");
  expect(server.seen).toEqual([]);
});

it("a Job that has finished (422) has nothing to stop: the run returns ten seconds after its end is seen", async () => {
  const { clock, observed, detached, server, stop } = await setUp(finished, 45);
  stop();
  await eventually(() => clock.sleeping.length === 1, "the end is waited for");
  expect(server.seen.map(({ method }) => method)).toEqual(["PATCH"]);
  expect(detached.aborted).toBe(false);
  observed.add(ended(0));
  await eventually(() => clock.sleeping.length === 2, "the last lines are waited for");
  clock.advance(10_000);
  await eventually(() => detached.aborted, "the run is detached");
});

it("a pod whose end is not seen is waited for until just before Paperclip gives up", async () => {
  const { clock, detached, server, stop } = await setUp(suspends, 45);
  stop();
  await eventually(() => clock.sleeping.length === 1, "the end is waited for");
  expect(JSON.parse(server.seen[0]?.body ?? "")).toMatchObject({ spec: { suspend: true } });
  clock.advance(54_999);
  expect(detached.aborted).toBe(false);
  clock.advance(1);
  await eventually(() => detached.aborted, "the run is detached");
  expect(String(detached.reason)).toContain("did not end in time");
});

it.each([
  ["the default or less: within the 60 s that Paperclip waits", 45, 55],
  ["none", 0, 55],
  ["more than Paperclip waits anyway", 60, 120],
  ["a year", 31_536_000, 31_536_060],
])("the deadline of a grace of %s", (_, graceSec, sec) => {
  expect(stopDeadlineSec(graceSec)).toBe(sec);
});

it("a grace of a year is waited for", async () => {
  const { clock, detached, stop } = await setUp(suspends, 31_536_000);
  stop();
  await eventually(() => clock.sleeping.length === 1, "the end is waited for");
  expect(clock.sleeping).toEqual([31_536_060_000]);
  expect(detached.aborted).toBe(false);
});
