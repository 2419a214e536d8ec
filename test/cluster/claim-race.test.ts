/**
 * Two processes of Paperclip wake one agent for one task at the same instant: one Job starts, the other run waits for its
 * end and then starts.
 *
 *   CLAIM_ROUNDS  how many times; 200 proves it, the default (20, in the short form 5) shows it
 */
import { afterAll, beforeAll, expect, it } from "vitest";
import { jobs, pods } from "../../src/kubernetes/resource-types.ts";
import { LABELS } from "../../src/run/shared/names.ts";
import { cases } from "../support/thoroughness.ts";
import { type AdapterProcess, startAdapterProcess } from "./support/adapter-process.ts";
import { freshId, settingsOf } from "./support/context.ts";
import { leftovers } from "./support/leftovers.ts";
import type { Place } from "./support/place.ts";
import { INIT } from "./support/run.ts";
import { usePlace } from "./support/use-place.ts";

const ROUNDS = Number(process.env.CLAIM_ROUNDS ?? cases(20, 5));
const AT_ONCE = 5;

let place: Place;
let processes: AdapterProcess[];
usePlace((opened) => {
  place = opened;
});
beforeAll(async () => {
  processes = await Promise.all([startAdapterProcess(), startAdapterProcess()]);
});
afterAll(() => Promise.all(processes.map((process) => process.kill("SIGKILL"))));

const agent = `trap 'exit 143' TERM; cat >/dev/null; ${INIT}; echo ready; while :; do sleep 0.2; done`;

it(`35: of two processes that start a task at the same instant, one does, then the other: ${ROUNDS} rounds`, async () => {
  const winners = new Set<number>();
  for (let round = 0; round < ROUNDS; round += AT_ONCE) {
    const batch = Array.from({ length: Math.min(AT_ONCE, ROUNDS - round) }, race);
    for (const winner of await Promise.all(batch)) winners.add(winner);
  }
  // Otherwise one of them was always first, and nothing was raced.
  if (ROUNDS >= 100) expect(winners).toEqual(new Set([0, 1]));
}, 600_000);

/** The index of the process whose Job started first. */
async function race(): Promise<number> {
  const agentId = `agent-${freshId()}`;
  const runs = processes.map((process) => {
    const settings = settingsOf(place, { agentId, agent });
    place.paperclip.set(settings.runId, "running");
    return { process, runId: settings.runId, result: process.execute(settings, place.paperclip.url) };
  });
  const first = await Promise.race(
    runs.map(({ process, runId }, index) => process.said(runId, "ready").then(() => index)),
  );
  const [winner, loser] = [runs[first], runs[1 - first]];
  if (!winner || !loser) throw new Error("there are two");
  const labelSelector = `${LABELS.agentId}=${agentId}`;
  const [jobList, podList] = await Promise.all([
    place.admin.list(jobs, place.namespace, { labelSelector }),
    place.admin.list(pods, place.namespace, { labelSelector }),
  ]);
  const started = jobList.items.filter(({ spec }) => !spec?.suspend);
  expect(started.map(({ metadata }) => metadata.labels?.[LABELS.runId])).toEqual([winner.runId]);
  expect(podList.items).toHaveLength(1);
  for (const { process, runId, result } of [winner, loser]) {
    await process.said(runId, "ready");
    process.cancel(runId, "Cancelled by a board operator");
    expect(await result).toMatchObject({ errorCode: "cancelled" });
    place.paperclip.set(runId, "cancelled");
  }
  expect(await leftovers(place, { agentId })).toEqual([]);
  return first;
}
