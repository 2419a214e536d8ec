/**
 * Promise 2 where the node itself throws lines away: a rotation while nobody reads, a rotation at the container's end.
 * Every line once and in order, or exactly the gap named. The faults are the devcluster's.
 */
import { afterEach, describe, expect, it } from "vitest";
import { eventually } from "../kubernetes/support/eventually.ts";
import { variant } from "../support/variant.ts";
import { exact, missingIn } from "./support/account.ts";
import type { Gates } from "./support/gate.ts";
import { loseLines } from "./support/lost-lines.ts";
import { podOf, rotate, untilLogged } from "./support/node-log.ts";
import { type NumberedRun, numberedLine, printNumbered, startNumbered } from "./support/numbered.ts";
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

const FOLLOW = { path: /\/log$/, query: /follow=true/ };
const WITHIN_MS = 60_000;
const SHAPE = { width: 30 };
async function delivered(run: NumberedRun, lines: number): Promise<void> {
  await eventually(() => run.account.totals.inOrder >= lines, `${lines} lines`, WITHIN_MS);
}

describe("the transcript where the node throws lines away", () => {
  it("names exactly what was printed while the API server was gone for longer than a rotation", async ({ skip }) => {
    if (!place.devcluster) return skip("faults need the devcluster");
    const run = await loseLines(place, gates);
    await delivered(run, 400);
    await gates.open("back");
    const result = await run.result;
    expect(run.account.totals).toMatchObject({ ...exact, inOrder: 400, gaps: [{ from: 201, to: 400 }] });
    expect(result.resultJson?.transcript).toMatchObject({
      complete: false,
      missing: [{ from: 202, to: 401, why: expect.stringMatching(/rotated the log while its stream was down/) }],
    });
    expect(result.errorCode ?? null).toBeNull();
  });

  it("names exactly what a rotation takes at the moment of the exit from a stream that stands still", async ({
    skip,
  }) => {
    const { devcluster } = place;
    if (!devcluster) return skip("faults need the devcluster");
    const run = startNumbered(place, SHAPE, {
      agent: [
        `cat >/dev/null; ${INIT}; ${printNumbered(1, 50, SHAPE)}`,
        `${gates.waitFor("cut")}; ${printNumbered(51, 1000, SHAPE)}`,
        `${gates.waitFor("turned")}; ${printNumbered(1001, 1010, SHAPE)}; ${RESULT}`,
      ].join("; "),
    });
    await delivered(run, 50);
    const pod = await podOf(place, run);
    // The next stream says so much, within line 51 and 150, and stands still until the container has ended.
    devcluster.faults.add({ match: FOLLOW, action: { kind: "stall", afterBytes: 20_000 } });
    devcluster.cutConnections();
    await gates.open("cut");
    await untilLogged(place, pod, numberedLine(1000, SHAPE));
    await delivered(run, 60);
    await rotate(place, pod);
    await gates.open("turned");
    const result = await run.result;
    const { totals } = run.account;
    const [gap] = totals.gaps;
    expect(totals).toMatchObject({ ...exact, gaps: [{ to: 1000 }] });
    expect(totals.inOrder + missingIn(totals.gaps)).toBe(1010);
    expect(gap?.from).toBeGreaterThan(60);
    expect(result.resultJson?.transcript).toMatchObject({
      complete: false,
      missing: [{ from: (gap?.from ?? 0) + 1, to: 1001 }],
    });
    expect(result.errorCode ?? null).toBeNull();
  });

  variant("is whole, or names what lacks, when the log is rotated over and over until the exit", async ({ skip }) => {
    const { devcluster } = place;
    if (!devcluster) return skip("faults need the devcluster");
    const total = 20_000;
    devcluster.faults.add({ match: FOLLOW, action: { kind: "cut", end: "clean", afterBytes: 150_000 } });
    const run = startNumbered(place, SHAPE, {
      agent: `cat >/dev/null; ${INIT}; ${printNumbered(1, total, SHAPE, 400)}; ${RESULT}`,
    });
    let over = false;
    const ended = run.result.finally(() => {
      over = true;
    });
    await delivered(run, 100);
    const pod = await podOf(place, run);
    for (const number of [3000, 6000, 9000, 12_000, 15_000]) {
      await eventually(() => over || run.account.totals.inOrder > number - 2500, `line ${number}`, WITHIN_MS);
      await rotate(place, pod);
    }
    while (!over) {
      await rotate(place, pod).catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const transcript = (await ended).resultJson?.transcript;
    const { totals } = run.account;
    expect(totals).toMatchObject(exact);
    // A gap at the very end has the result event in it, which has no number.
    expect([total, total + 1]).toContain(totals.inOrder + missingIn(totals.gaps));
    expect(transcript).toMatchObject({ complete: totals.gaps.length === 0 });
  });
});
