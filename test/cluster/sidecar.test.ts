/** Containers that others put into the agent's pod, and which never end: a run ends with its agent's container. */
import type { Job } from "kubernetes-types/batch/v1";
import { expect, it } from "vitest";
import type { Devcluster } from "../../devcluster/src/index.ts";
import { jobs, pods } from "../../src/kubernetes/resource-types.ts";
import { LABELS } from "../../src/run/shared/names.ts";
import { some } from "../support/thoroughness.ts";
import { variant } from "../support/variant.ts";
import { freshId } from "./support/context.ts";
import { inject, type Position } from "./support/inject.ts";
import { leftovers } from "./support/leftovers.ts";
import { loseRun } from "./support/lost-run.ts";
import type { Place } from "./support/place.ts";
import { INIT, RESULT, SESSION, startRun } from "./support/run.ts";
import { onDevcluster, useDevcluster } from "./support/use-place.ts";

let place: Place;
let devcluster: Devcluster;
useDevcluster((opened, cluster) => {
  place = opened;
  devcluster = cluster;
});

const FOR_EVER = "while :; do sleep 0.1; done";
const QUICK = `cat >/dev/null; ${INIT}; ${RESULT}`;
const STOPPABLE = `trap 'echo saved; exit 143' TERM; cat >/dev/null; ${INIT}; echo ready; while :; do sleep 0.1; done`;
const newAgent = (): string => `agent-${freshId()}`;
const labelSelector = (agentId: string): string => `${LABELS.agentId}=${agentId}`;

async function jobOf(agentId: string): Promise<Job | undefined> {
  return (await place.admin.list(jobs, place.namespace, { labelSelector: labelSelector(agentId) })).items[0];
}

async function podPhases(agentId: string): Promise<readonly (string | undefined)[]> {
  const { items } = await place.admin.list(pods, place.namespace, { labelSelector: labelSelector(agentId) });
  return items.map(({ status }) => status?.phase);
}

async function agentEnded(agentId: string): Promise<boolean> {
  const { items } = await place.admin.list(pods, place.namespace, { labelSelector: labelSelector(agentId) });
  return items.some(({ status }) => status?.containerStatuses?.some(({ state }) => state?.terminated));
}

// Side by side: each has an agent of its own, and waits for the grace of a container that will not go.
onDevcluster.concurrent("a container beside the agent's that never ends", { timeout: 240_000 }, () => {
  it.each(some<Position>(["before", "after"], 2))("put %s it: the run ends, and everything goes", async (position) => {
    const agentId = newAgent();
    inject(devcluster, agentId, { script: FOR_EVER, position });
    const run = startRun(place, { agent: QUICK, agentId });
    expect(await run.result).toMatchObject({ exitCode: 0, errorCode: null, sessionId: SESSION });
    expect(await leftovers(place, { agentId })).toEqual([]);
  });

  variant.each(some<Position>(["after", "before"], 2))("put %s it: a Stop ends the run too", async (position) => {
    const agentId = newAgent();
    inject(devcluster, agentId, { script: `trap '' TERM; ${FOR_EVER}`, position });
    const run = startRun(place, { agent: STOPPABLE, agentId, config: { graceSec: 1 } });
    await run.said("ready");
    run.cancel();
    expect(await run.result).toMatchObject({ errorCode: "cancelled", sessionId: SESSION });
    expect(await leftovers(place, { agentId })).toEqual([]);
  });

  it("does not change the verdict when it fails first", async () => {
    const agentId = newAgent();
    inject(devcluster, agentId, { script: "exit 1", position: "before" });
    const run = startRun(place, { agent: `cat >/dev/null; ${INIT}; sleep 0.5; ${RESULT}`, agentId });
    expect(await run.result).toMatchObject({ exitCode: 0, errorCode: null });
    expect(await leftovers(place, { agentId })).toEqual([]);
  });

  it.each(some<Position>(["before", "after"], 2))(
    "put %s it without its image: the run starts and ends",
    async (position) => {
      const agentId = newAgent();
      inject(devcluster, agentId, { script: FOR_EVER, position, image: "No Such Image" });
      const run = startRun(place, { agent: QUICK, agentId });
      expect(await run.result).toMatchObject({ exitCode: 0, errorCode: null, sessionId: SESSION });
      expect(await leftovers(place, { agentId })).toEqual([]);
    },
  );

  variant.each([
    ["", {}],
    [", also one whose image never comes", { image: "no-such-image:1" }],
  ])("is ended in a Job that is kept%s", async (_, sidecar) => {
    const agentId = newAgent();
    inject(devcluster, agentId, { script: FOR_EVER, ...sidecar });
    const run = startRun(place, { agent: QUICK, agentId, config: { retainJobs: true } });
    expect(await run.result).toMatchObject({ exitCode: 0 });
    while ((await podPhases(agentId)).length > 0) await place.admin.clock.sleep(100);
    expect(await jobOf(agentId)).toMatchObject({ spec: { suspend: true } });
    await place.admin.delete(jobs, place.namespace, (await jobOf(agentId))?.metadata?.name ?? "");
    expect(await leftovers(place, { agentId })).toEqual([]);
  });

  variant("does not hold up the agent's next run when Paperclip was away at the agent's end", async () => {
    const agentId = newAgent();
    inject(devcluster, agentId, { script: FOR_EVER });
    const agent = `cat >/dev/null; ${INIT}; echo ready; sleep 1; ${RESULT}`;
    await loseRun(place, { agent, agentId, after: "ready" });
    while (!(await agentEnded(agentId))) await place.admin.clock.sleep(100);
    // reattachOrphanedJobs off: a Job whose agent worked on would block; one that has finished does not.
    const next = startRun(place, { agent: QUICK, agentId, config: { reattachOrphanedJobs: false } });
    expect(await next.result).toMatchObject({ exitCode: 0, errorCode: null });
    const third = startRun(place, { agent: "exit 1", agentId });
    expect(await third.result).toMatchObject({ exitCode: 0, errorCode: null });
    expect(await leftovers(place, { agentId })).toEqual([]);
  });
});

onDevcluster.concurrent("an init container of somebody else", () => {
  it("that fails is named with its exit code", async () => {
    const agentId = newAgent();
    inject(devcluster, agentId, { script: "echo no such secret > /dev/termination-log; exit 7", init: true });
    const run = startRun(place, { agent: QUICK, agentId });
    const result = await run.result;
    expect(result.errorCode).toBe("k8s_pod_schedule_failed");
    expect(result.errorMessage).toMatch(/Init container setup ended with exit code 7 \(Error\)/);
    expect(await leftovers(place, { agentId })).toEqual([]);
  });
});
