/**
 * What the log API has lost comes from the runner's own copy, when Paperclip runs in the cluster and the agents' homes
 * are on its volume. The adapter of these tests runs beside the devcluster, so that it sees the claim's directory too.
 */
import { readdir } from "node:fs/promises";
import { afterEach, describe, expect, it } from "vitest";
import { eventually } from "../kubernetes/support/eventually.ts";
import { policyOf } from "../support/policy.ts";
import { variant } from "../support/variant.ts";
import { exact } from "./support/account.ts";
import type { Gates } from "./support/gate.ts";
import { copiesIn, furnishHostPod, privateHomeOf } from "./support/host-pod.ts";
import { loseLines } from "./support/lost-lines.ts";
import { podOf, rotate } from "./support/node-log.ts";
import { printNumbered, startNumbered } from "./support/numbered.ts";
import type { Place } from "./support/place.ts";
import { INIT, RESULT } from "./support/run.ts";
import { useGates, usePlace } from "./support/use-place.ts";

let place: Place;
let gates: Gates;
let env: NodeJS.ProcessEnv = {};
usePlace(async (opened) => {
  place = opened;
  if (place.devcluster) env = await furnishHostPod(place);
});
useGates((made) => {
  gates = made;
});
afterEach(() => place.devcluster?.faults.clear());

const WITHIN_MS = 60_000;
const copies = (agentId: string): Promise<string[]> => readdir(copiesIn(privateHomeOf(env, agentId)));

const readPolicy = () => Promise.resolve(policyOf({ trust: "full", home: "private" }));

describe("the transcript with the agent's home on Paperclip's volume", () => {
  it("is whole although a rotation took lines while the API server was gone", async ({ skip }) => {
    if (!place.devcluster) return skip("faults need the devcluster");
    const run = await loseLines(place, gates, { dependencies: { env, readPolicy } });
    expect(await copies(run.agentId)).toHaveLength(1);
    await eventually(() => run.account.totals.inOrder === 600, "600 lines", WITHIN_MS);
    await gates.open("back");
    const result = await run.result;
    expect(run.account.totals).toMatchObject({ ...exact, inOrder: 600, gaps: [] });
    expect(result.resultJson?.transcript).toMatchObject({ complete: true, lines: 602 });
    expect(run.events).toContainEqual(
      expect.objectContaining({
        message: expect.stringMatching(/^Lines 202–401 .* were read from the transcript file$/),
      }),
    );
    // The copy goes when the verdict is recorded.
    expect(await copies(run.agentId)).toEqual([]);
  });

  variant("is whole although the log is rotated faster than it is read", { timeout: 300_000 }, async ({ skip }) => {
    if (!place.devcluster) return skip("it needs the claim's directory");
    const shape = { width: 200 };
    const total = 60_000;
    const run = startNumbered(place, shape, {
      dependencies: { env, readPolicy },
      agent: `cat >/dev/null; ${INIT}; ${printNumbered(1, total, shape)}; ${RESULT}`,
    });
    let over = false;
    const ended = run.result.finally(() => {
      over = true;
    });
    await eventually(() => run.account.totals.inOrder > 0, "the first line", WITHIN_MS);
    const pod = await podOf(place, run);
    for (let rotations = 0; rotations < 20 && !over; rotations++) {
      const before = run.account.totals.inOrder;
      await rotate(place, pod).catch(() => undefined);
      await eventually(() => over || run.account.totals.inOrder >= Math.min(before + 1000, total), "more", WITHIN_MS);
    }
    const result = await ended;
    expect(run.account.totals).toMatchObject({ ...exact, inOrder: total, gaps: [] });
    expect(result.resultJson?.transcript).toMatchObject({ complete: true, lines: total + 2 });
  });
});
