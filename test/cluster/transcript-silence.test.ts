/**
 * An agent that thinks for six minutes without a word. A default HTTP client gives up a silent body after five (measured);
 * the follower's and the observer's own clock is set forward, nobody sleeps.
 */
import { afterEach, expect, it } from "vitest";
import { ClusterRegistry } from "../../src/kubernetes/cluster-registry.ts";
import { eventually } from "../kubernetes/support/eventually.ts";
import { exact } from "./support/account.ts";
import type { Gates } from "./support/gate.ts";
import { LeapingClock, pass } from "./support/leaping-clock.ts";
import { type NumberedRun, printNumbered, startNumbered } from "./support/numbered.ts";
import type { Place } from "./support/place.ts";
import { INIT, RESULT } from "./support/run.ts";
import { useGates, usePlace } from "./support/use-place.ts";

let place: Place;
let gates: Gates;
usePlace((opened) => {
  place = opened;
});
useGates((made) => {
  gates = made;
});
afterEach(() => place.devcluster?.faults.clear());

const MINUTE = 60_000;
const SHAPE = { width: 30 };

/** A run that says 20 lines, is silent until the gate opens, says 20 more, and lives until its end is let through. */
function startSilent(clock: LeapingClock, gate: string): NumberedRun {
  return startNumbered(place, SHAPE, {
    agent: `cat >/dev/null; ${INIT}; ${printNumbered(1, 20, SHAPE)}; ${gates.waitFor(gate)}; ${printNumbered(21, 40, SHAPE)}; ${gates.waitFor(`${gate}-end`)}; ${RESULT}`,
    dependencies: { clusters: new ClusterRegistry({ clock }) },
  });
}

function openedStreams(): number {
  const asked = place.devcluster?.requests.matching("GET", /\/log$/) ?? [];
  return asked.filter(({ query, status }) => status === 200 && query.includes("follow=true")).length;
}

it("32, 48: keeps one stream open through six silent minutes, without a word in the transcript", async ({ skip }) => {
  if (!place.devcluster) return skip("it counts the devcluster's requests");
  const clock = new LeapingClock();
  const run = startSilent(clock, "spoken");
  await eventually(() => run.account.totals.inOrder === 20, "20 lines", MINUTE);
  expect(openedStreams()).toBe(1);
  await pass(clock, 6);
  expect(openedStreams()).toBe(1);
  await gates.open("spoken");
  await gates.open("spoken-end");
  const result = await run.result;
  expect(openedStreams()).toBe(1);
  expect(run.account.totals).toMatchObject({ ...exact, inOrder: 40, gaps: [] });
  expect(run.events.filter(({ eventType }) => eventType?.startsWith("k8s.log."))).toEqual([]);
  expect(result.resultJson?.transcript).toMatchObject({ complete: true, lines: 42 });
});

it("finds a stream that died in silence, and loses nothing", async ({ skip }) => {
  if (!place.devcluster) return skip("faults need the devcluster");
  place.devcluster.requests.clear();
  const clock = new LeapingClock();
  const run = startSilent(clock, "died");
  await eventually(() => run.account.totals.inOrder === 20, "20 lines", MINUTE);
  // The connection stays open and nothing comes through it any more.
  place.devcluster.faults.add({
    match: { path: /\/log$/, query: /follow=true/ },
    action: { kind: "stall" },
    count: 1,
  });
  place.devcluster.cutConnections();
  await eventually(() => openedStreams() === 2, "the stream that says nothing", MINUTE);
  await gates.open("died");
  // No error, no end: only time tells. After 15 to 22.5 minutes the stream is opened again, though the agent lives.
  await pass(clock, 23);
  await eventually(() => run.account.totals.inOrder === 40, "40 lines", MINUTE);
  await gates.open("died-end");
  const result = await run.result;
  expect(run.account.totals).toMatchObject({ ...exact, inOrder: 40, gaps: [] });
  expect(result.resultJson?.transcript).toMatchObject({ complete: true, lines: 42 });
});
