/** Fifty runs in one process on the simulated cluster: what they ask of the API server, and that none is lost or told twice. */
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { measureAdoption, measureEnd, measureStart } from "../../bench/scale/figures/burst.ts";
import { type Host, startHost } from "../../bench/scale/host.ts";
import { openPlace, type Place } from "../../bench/scale/place.ts";
import { isLong } from "../support/thoroughness.ts";

// Processes on a machine that may be busy: nothing here takes that long when all is well.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 120_000 });

/** In both forms more than may be created at once. */
const RUNS = isLong ? 50 : 20;
const SCRIPT = { lines: 3600, periodMs: 200 };

let place: Place;
let host: Host;
beforeAll(async () => {
  place = await openPlace({ fast: true });
  host = await startHost(place);
});
afterAll(async () => {
  await host?.[Symbol.asyncDispose]();
  await place?.[Symbol.asyncDispose]();
});

const total = (requests: Readonly<Record<string, number>>): number =>
  Object.values(requests).reduce((sum, count) => sum + count, 0);
const completed = ({ results }: Host): number =>
  results.filter(({ resultJson }) => {
    const { complete } = (resultJson?.transcript ?? {}) as { complete?: boolean };
    return resultJson?.verdict === "completed" && complete === true;
  }).length;

it("that start together: two watches for all, ten requests each at most, sixteen creates at once at most", async () => {
  const { measured } = await measureStart(place, host, RUNS, 0);
  expect(measured).toMatchObject({ living: RUNS, wrong: 0, retries: 0 });
  expect(measured.requests["watch jobs"]).toBe(1);
  expect(measured.requests["watch pods"]).toBe(1);
  expect(measured.creating).toBeLessThanOrEqual(16);
  // A quiet hour has its own test: test/cluster/cost.test.ts.
  expect(total(measured.requests) / RUNS).toBeLessThanOrEqual(10);
  const { objects } = (await place.simulation?.look()) ?? {};
  expect(objects).toMatchObject({ jobs: RUNS, pods: RUNS, secrets: RUNS, bundles: 1 });
});

it("that end together: each has its verdict, and nothing of it is left in the cluster", async () => {
  const { measured } = await measureEnd(place, host, RUNS);
  expect(completed(host)).toBe(RUNS);
  expect(measured).toMatchObject({ living: 0, wrong: 0 });
  expect(total(measured.requests) / RUNS).toBeLessThanOrEqual(3);
  await expect
    .poll(async () => (await place.simulation?.look())?.objects, { timeout: 20_000 })
    .toMatchObject({
      jobs: 0,
      pods: 0,
      secrets: 0,
    });
});

it("whose process is killed: another takes all over, makes no Job twice, and tells each line once", async () => {
  const settings = place.newRuns(RUNS, SCRIPT);
  await host.start(settings, 0);
  await host.kill();
  host = await startHost(place);
  const lost = settings.map(({ runId }) => runId);
  const agents = settings.map(({ agentId }) => agentId);
  const { measured } = await measureAdoption(place, host, lost, agents);
  expect(measured).toMatchObject({ living: RUNS, wrong: 0 });
  expect(measured.requests["create jobs"]).toBeUndefined();
  expect((await place.simulation?.look())?.objects).toMatchObject({ jobs: RUNS, pods: RUNS });
  await measureEnd(place, host, RUNS);
  expect(completed(host)).toBe(RUNS);
});
