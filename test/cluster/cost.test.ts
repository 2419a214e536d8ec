/**
 * What a quiet run of an hour costs the API server, counted there. The adapter's own clock is set forward, nobody waits;
 * the devcluster's bookmarks come by that clock at least as often as a real server's, which are no requests.
 */
import { expect, it } from "vitest";
import { ClusterRegistry } from "../../src/kubernetes/cluster-registry.ts";
import type { Gates } from "./support/gate.ts";
import { LeapingClock, pass } from "./support/leaping-clock.ts";
import type { Place } from "./support/place.ts";
import { INIT, RESULT, startRun, type TestRun } from "./support/run.ts";
import { useGates, usePlace } from "./support/use-place.ts";

let place: Place;
let gates: Gates;
usePlace(
  (opened) => {
    place = opened;
  },
  { bookmarkInterval: 10 },
);
useGates((made) => {
  gates = made;
});

/** Two watches live for 30 to 60 minutes each, by the server's clock, which nobody sets forward. */
const RENEWALS = 2;

/** `runs` of as many agents, each silent for an hour; the adapter's requests, in words. */
async function anHourOf(runs: number): Promise<string[]> {
  const clock = new LeapingClock();
  const clusters = new ClusterRegistry({ clock });
  const gate = `over-${runs}`;
  const agent = `cat >/dev/null; ${INIT}; ${gates.waitFor(gate)}; ${RESULT}`;
  place.devcluster?.requests.clear();
  const started: TestRun[] = [];
  for (let run = 0; run < runs; run++) {
    const one = startRun(place, { agent, dependencies: { clusters } });
    await one.said("init");
    started.push(one);
  }
  await pass(clock, 60);
  await gates.open(gate);
  for (const { result } of started) expect(await result).toMatchObject({ exitCode: 0, errorCode: null });
  return [...(place.devcluster?.requests ?? [])].map(
    ({ status, method, path, query }) => `${status} ${method} ${path}?${query}`,
  );
}

it("at most 24 requests alone in its process, at most 12 for each further one", async ({ skip }) => {
  if (!place.devcluster) return skip("it counts the devcluster's requests");
  const alone = await anHourOf(1);
  const together = await anHourOf(4);
  expect(alone.length + RENEWALS, alone.join("\n")).toBeLessThanOrEqual(24);
  expect((together.length - alone.length) / 3, together.join("\n")).toBeLessThanOrEqual(12);
});
