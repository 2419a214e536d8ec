/**
 * Promise 2 on a cluster whose log API breaks: every line once and in order, or the gap named. The faults are the
 * devcluster's, so on a real cluster these tests are skipped; output.test.ts runs on both.
 */
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import type { FaultAction } from "../../devcluster/src/index.ts";
import { some } from "../support/thoroughness.ts";
import { variant } from "../support/variant.ts";
import { exact } from "./support/account.ts";
import { type NumberedRun, printNumbered, startNumbered } from "./support/numbered.ts";
import type { Place } from "./support/place.ts";
import { INIT, RESULT, startRun } from "./support/run.ts";
import { usePlace } from "./support/use-place.ts";

let place: Place;
usePlace((opened) => {
  place = opened;
});
afterEach(() => {
  place.devcluster?.faults.clear();
  place.devcluster?.requests.clear();
});

const LOG = { path: /\/log$/ };
const FOLLOW = { path: /\/log$/, query: /follow=true/ };

const SEED = 20261122;
const SHAPE = { width: 40 };

function startPrinting(lines: number, pauseEvery: number): NumberedRun {
  const agent = `cat >/dev/null; ${INIT}; ${printNumbered(1, lines, SHAPE, pauseEvery)}; ${RESULT}`;
  return startNumbered(place, SHAPE, { agent });
}

/** Lost 0, duplicated 0, out of order 0, corrupt 0, and proven. */
async function expectWhole(run: NumberedRun, lines: number): Promise<void> {
  const result = await run.result;
  expect(run.account.totals).toMatchObject({ ...exact, inOrder: lines, gaps: [] });
  expect(result.resultJson?.transcript).toMatchObject({ complete: true, lines: lines + 2 });
}

describe("the transcript on a log API that breaks", () => {
  it.for(
    some<[string, FaultAction]>(
      [
        ["is reset every 50 ms", { kind: "cut", end: "reset", afterMilliseconds: 50 }],
        ["is reset every 700 ms", { kind: "cut", end: "reset", afterMilliseconds: 700 }],
        ["is reset every 3,001 bytes", { kind: "cut", end: "reset", afterBytes: 3001 }],
        ["ends cleanly every 400 ms", { kind: "cut", end: "clean", afterMilliseconds: 400 }],
        ["stalls after 20,000 bytes", { kind: "stall", afterBytes: 20_000 }],
      ],
      4,
    ),
  )("is whole when the stream %s", async ([, action], { skip }) => {
    if (!place.devcluster) return skip("faults need the devcluster");
    place.devcluster.faults.add({ match: FOLLOW, action });
    await expectWhole(startPrinting(400, 10), 400);
  });

  it("45: is whole when every answer is cut, the last reading's too", async ({ skip }) => {
    if (!place.devcluster) return skip("faults need the devcluster");
    place.devcluster.faults.add({ match: LOG, action: { kind: "cut", end: "reset", afterBytes: 100_000 } });
    await expectWhole(startPrinting(20_000, 20_000), 20_000);
  });

  it("is whole when reconnects are refused for a while", async ({ skip }) => {
    if (!place.devcluster) return skip("faults need the devcluster");
    const { faults } = place.devcluster;
    faults.add({ match: FOLLOW, action: { kind: "cut", end: "reset", afterBytes: 5000 }, count: 6 });
    for (const code of [500, 429, 503, 502, 504] as const) {
      faults.add({ match: FOLLOW, action: { kind: "respond", code, retryAfter: 1 }, count: 1, skip: 1 });
    }
    await expectWhole(startPrinting(600, 20), 600);
  });

  it("has a line of 5 MiB among others, cut on its way", async ({ skip }) => {
    if (!place.devcluster) return skip("faults need the devcluster");
    place.devcluster.faults.add({
      match: FOLLOW,
      action: { kind: "cut", end: "reset", afterBytes: 1_500_000 },
      count: 5,
    });
    const run = startRun(place, {
      agent: `cat >/dev/null; ${INIT}; head -c 5242880 /dev/zero | tr '\\0' z; echo; ${RESULT}`,
    });
    const result = await run.result;
    expect(run.stdout().split("\n")[1] === "z".repeat(5_242_880)).toBe(true);
    expect(result.resultJson?.transcript).toMatchObject({ complete: true, lines: 3 });
  });

  it("is whole when the stream is cut every 50 ms to 2 s for the whole run", async ({ skip }) => {
    if (!place.devcluster) return skip("faults need the devcluster");
    const lives = fc.sample(fc.integer({ min: 50, max: 2000 }), { numRuns: 100, seed: SEED });
    lives.forEach((afterMilliseconds, index) => {
      const end = index % 3 === 0 ? "clean" : "reset";
      addForOne(index, { kind: "cut", end, afterMilliseconds });
    });
    await expectWhole(startPrinting(4000, 40), 4000);
    expect(streams()).toBeGreaterThan(5);
  });

  variant("is whole when streams are cut at every byte of a character", async ({ skip }) => {
    if (!place.devcluster) return skip("faults need the devcluster");
    // Ten bytes are one of each length; a line more each time, so that every stream brings something new.
    for (let index = 0; index < 40; index++) {
      addForOne(index, { kind: "cut", end: index % 2 === 0 ? "clean" : "reset", afterBytes: 12_000 + index * 401 });
    }
    await expectWhole(startPrinting(3000, 50), 3000);
    expect(streams()).toBeGreaterThan(5);
  });

  it("is whole when 100,000 lines come at once, and their stream is cut", async ({ skip }) => {
    if (!place.devcluster) return skip("faults need the devcluster");
    for (let index = 0; index < 4; index++) {
      addForOne(index, { kind: "cut", end: "reset", afterBytes: 1_000_000 + index * 1_500_001 });
    }
    const shape = { width: 0 };
    const agent = `cat >/dev/null; ${INIT}; ${printNumbered(1, 100_000, shape)}; ${RESULT}`;
    await expectWhole(startNumbered(place, shape, { agent }), 100_000);
  });
});

/** A fault for the stream with this index, counted from 0. */
function addForOne(index: number, action: FaultAction): void {
  place.devcluster?.faults.add({ match: FOLLOW, action, skip: index, count: 1 });
}

/** How often the last run's log was followed. */
function streams(): number {
  const asked = place.devcluster?.requests.matching("GET", FOLLOW.path) ?? [];
  return asked.filter(({ query }) => FOLLOW.query.test(query)).length;
}
