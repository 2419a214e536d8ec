/**
 * What the log API has lost comes from the pod itself, where the agent has a home of its own and the service account may
 * run a program in the pod.
 */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { eventually } from "../kubernetes/support/eventually.ts";
import { variant } from "../support/variant.ts";
import { exact } from "./support/account.ts";
import { Gates } from "./support/gate.ts";
import { loseLines } from "./support/lost-lines.ts";
import { loseRun } from "./support/lost-run.ts";
import { podOf, rotate } from "./support/node-log.ts";
import { type NumberedRun, numberedLine, printNumbered, startNumbered } from "./support/numbered.ts";
import type { Place } from "./support/place.ts";
import { giveOptionalRights } from "./support/rights.ts";
import { INIT, RESULT } from "./support/run.ts";
import { usePlace } from "./support/use-place.ts";

let place: Place;
let gates: Gates;
let takeBack: () => Promise<void> = () => Promise.resolve();
usePlace((opened) => {
  place = opened;
});
beforeEach(async () => {
  gates = await Gates.make();
});
afterEach(async () => {
  place.devcluster?.faults.clear();
  place.devcluster?.requests.clear();
  await takeBack();
  takeBack = () => Promise.resolve();
  await gates.remove();
});

const SHAPE = { width: 30 };
const WITHIN_MS = 60_000;
const EXEC = /\/exec$/;

/** Loses lines 201 to 400; the connections through which they are asked for are cut after so many bytes, in turn. */
async function runWithLostLines(thenCutAfter: readonly number[] = []): Promise<NumberedRun> {
  const { devcluster } = place;
  return loseLines(place, gates, {
    onBack: () => {
      devcluster?.requests.clear();
      for (const [skip, afterBytes] of thenCutAfter.entries()) {
        const action = { kind: "cut", end: "reset", afterBytes } as const;
        devcluster?.faults.add({ match: { path: EXEC }, action, count: 1, skip });
      }
    },
  });
}

// Faults are the devcluster's.
describe.skipIf(process.env.TEST_KUBECONFIG)("the transcript with a home of the pod's own", () => {
  it("is whole although a rotation took lines while the API server was gone", async () => {
    takeBack = await giveOptionalRights(place);
    const run = await runWithLostLines();
    await eventually(() => run.account.totals.inOrder === 600, "600 lines", WITHIN_MS);
    await gates.open("back");
    const result = await run.result;
    expect(run.account.totals).toMatchObject({ ...exact, inOrder: 600, gaps: [] });
    expect(result.resultJson?.transcript).toMatchObject({ complete: true, lines: 602 });
    expect(run.events).toContainEqual(
      expect.objectContaining({
        message: expect.stringMatching(/^Lines 202–401 .* were read from the transcript in the pod$/),
      }),
    );
    expect(place.devcluster?.requests.matching("GET", EXEC)).toHaveLength(1);
  });

  variant("is whole although the connection into the pod is cut again and again", async () => {
    takeBack = await giveOptionalRights(place);
    const cuts = [0, 30, 5000, 12_000];
    const run = await runWithLostLines(cuts);
    await eventually(() => run.account.totals.inOrder === 600, "600 lines", WITHIN_MS);
    await gates.open("back");
    expect((await run.result).resultJson?.transcript).toMatchObject({ complete: true, lines: 602 });
    expect(place.devcluster?.requests.matching("GET", EXEC)).toHaveLength(cuts.length + 1);
  });

  it("names what is lost where that right is missing, tells the reason once, and asks no more", async () => {
    const run = await runWithLostLines();
    await eventually(() => run.account.totals.inOrder === 400, "400 lines", WITHIN_MS);
    await gates.open("back");
    const result = await run.result;
    expect(run.account.totals).toMatchObject({ ...exact, inOrder: 400, gaps: [{ from: 201, to: 400 }] });
    expect(result.resultJson?.transcript).toMatchObject({
      complete: false,
      missing: [{ from: 202, to: 401, why: expect.stringMatching(/rotated the log while its stream was down/) }],
    });
    expect(result.errorCode ?? null).toBeNull();
    const told = run.events.filter(({ eventType }) => eventType === "k8s.log.exec");
    expect(told).toMatchObject([{ level: "info", message: expect.stringContaining('get resource "pods/exec"') }]);
    expect(place.devcluster?.requests.matching("GET", EXEC)).toHaveLength(1);
    expect(run.statuses.join("\n")).not.toContain("exec");
  });

  it("asks the pod for nothing when nothing is missing", async () => {
    takeBack = await giveOptionalRights(place);
    const run = startNumbered(place, SHAPE, {
      agent: `cat >/dev/null; ${INIT}; ${printNumbered(1, 500, SHAPE)}; ${RESULT}`,
    });
    expect((await run.result).resultJson?.transcript).toMatchObject({ complete: true, lines: 502 });
    expect(place.devcluster?.requests.matching("GET", EXEC)).toEqual([]);
  });

  it("is whole for a run that takes the Job over when the node has thrown its beginning away", async () => {
    takeBack = await giveOptionalRights(place);
    const agent = [
      `cat >/dev/null; ${INIT}; ${printNumbered(1, 300, SHAPE)}`,
      `${gates.waitFor("rotated")}; ${printNumbered(301, 500, SHAPE)}`,
      `${gates.waitFor("read")}; ${RESULT}`,
    ].join("; ");
    const { agentId } = await loseRun(place, { agent, after: numberedLine(300, SHAPE) });
    await rotate(place, await podOf(place, { agentId }));
    await gates.open("rotated");
    const run = startNumbered(place, SHAPE, { agentId, agent: "never started" });
    await eventually(() => run.account.totals.inOrder === 500, "500 lines", WITHIN_MS);
    await gates.open("read");
    expect((await run.result).resultJson?.transcript).toMatchObject({ complete: true, lines: 502 });
    expect(run.account.totals).toMatchObject({ ...exact, inOrder: 500, gaps: [] });
  });

  variant("is whole although the log is rotated faster than it is read", { timeout: 300_000 }, async () => {
    takeBack = await giveOptionalRights(place);
    const shape = { width: 200 };
    const total = 60_000;
    const run = startNumbered(place, shape, {
      // It lives a little longer than it numbers: the pod can be asked only so long. And it goes on printing, since that
      // the last lines were lost shows with the next one only.
      agent: `cat >/dev/null; ${INIT}; ${printNumbered(1, total, shape)}; ${gates.waitFor("read", "echo '{}'")}; ${RESULT}`,
    });
    await eventually(() => run.account.totals.inOrder > 0, "the first line", WITHIN_MS);
    const pod = await podOf(place, run);
    for (let rotations = 0; rotations < 20; rotations++) {
      const before = run.account.totals.inOrder;
      await rotate(place, pod);
      await eventually(() => run.account.totals.inOrder >= Math.min(before + 1000, total), "more", WITHIN_MS);
    }
    await eventually(() => run.account.totals.inOrder === total, "all", WITHIN_MS);
    await gates.open("read");
    expect((await run.result).resultJson?.transcript).toMatchObject({ complete: true });
    expect(run.account.totals).toMatchObject({ ...exact, inOrder: total, gaps: [] });
    const asked = place.devcluster?.requests.matching("GET", EXEC) ?? [];
    const offsets = asked.map(({ query }) => Number(new URLSearchParams(query).getAll("command").at(-1)));
    expect(offsets[0]).toBe(0);
    // Each gap is looked for behind the one before.
    expect(offsets).toEqual([...offsets].sort((a, b) => a - b));
  });
});
