/** What the operator's policy bounds of every run: its time, and its output. */
import { expect, it } from "vitest";
import type { PolicyFile } from "../../src/policy/schema.ts";
import { policyOf } from "../support/policy.ts";
import { leftovers } from "./support/leftovers.ts";
import type { Place } from "./support/place.ts";
import { INIT, RESULT, startRun } from "./support/run.ts";
import { usePlace } from "./support/use-place.ts";

let place: Place;
usePlace((opened) => {
  place = opened;
});

const under = (limits: NonNullable<PolicyFile["limits"]>) => ({
  readPolicy: () => Promise.resolve(policyOf({ trust: "full", limits })),
});

it("ends an agent that names no timeout at the policy's max", async () => {
  const agent = `trap 'exit 143' TERM; cat >/dev/null; ${INIT}; while :; do sleep 0.1; done`;
  const run = startRun(place, { agent, dependencies: under({ timeoutSec: { max: 2 } }), config: { graceSec: 1 } });
  expect(await run.result).toMatchObject({ timedOut: true, errorCode: "timeout" });
  expect(await leftovers(place, run)).toEqual([]);
}, 60_000);

it("gives the page no more of a run than the policy's bytes, names the rule, and knows the result all the same", async () => {
  const agent = `cat >/dev/null; ${INIT}; i=0; while [ $i -lt 3000 ]; do echo '{"type":"filler","text":"0123456789012345678901234567890123456789"}'; i=$((i+1)); done; ${RESULT}`;
  const run = startRun(place, { agent, dependencies: under({ transcriptBytes: "64Ki" }) });
  const result = await run.result;
  expect(result).toMatchObject({ exitCode: 0, errorCode: null, costUsd: 0.25 });
  const rule = /no more than 64 KiB of a run \(limits\.transcriptBytes of the operator's policy\)/;
  expect(run.statuses.join("\n")).toMatch(rule);
  expect(run.events.filter(({ message }) => rule.test(message ?? ""))).toHaveLength(1);
  expect(run.stdout().length).toBeLessThanOrEqual(65_536);
  expect(run.stdout().length).toBeGreaterThan(30_000);
}, 60_000);
