/** The supervisor looks through the watches of the process's runs, and lists only where they are not up. */
import { afterEach, describe, expect, it } from "vitest";
import { jobs } from "../../src/kubernetes/resource-types.ts";
import { LABELS } from "../../src/run/shared/names.ts";
import { variant } from "../support/variant.ts";
import { freshId } from "./support/context.ts";
import { LeapingClock } from "./support/leaping-clock.ts";
import { leftovers } from "./support/leftovers.ts";
import { type LostRun, loseRun } from "./support/lost-run.ts";
import type { Place } from "./support/place.ts";
import { takeRights } from "./support/rights.ts";
import { INIT, RESULT, startRun } from "./support/run.ts";
import { type SupervisingServer, startSupervisingServer } from "./support/supervising-server.ts";
import { onDevcluster, usePlace } from "./support/use-place.ts";

let place: Place;
usePlace((opened) => {
  place = opened;
});

const WORKS = `cat >/dev/null; ${INIT}; echo working; while [ ! -e "$HOME/stop" ]; do sleep 0.1; done; ${RESULT}`;

const servers: SupervisingServer[] = [];
function startServer(clock: LeapingClock, where = place): SupervisingServer {
  const server = startSupervisingServer(where, clock);
  servers.push(server);
  return server;
}
afterEach(() => {
  for (const server of servers.splice(0)) server.stop();
});

/** A run that another process had, and of which Paperclip knows nothing bad. */
const strangersRun = (where = place): Promise<LostRun> => {
  const wake = { taskId: `task-${freshId()}` };
  return loseRun(where, { agent: WORKS, after: "working", status: "running", wake });
};
const lists = (asked: readonly string[]): readonly string[] => asked.filter((what) => what.startsWith("list"));
const removeJobOf = async ({ agentId }: LostRun, { admin, namespace } = place): Promise<void> => {
  const labelSelector = `${LABELS.agentId}=${agentId}`;
  for (const { metadata } of (await admin.list(jobs, namespace, { labelSelector })).items)
    await admin.delete(jobs, namespace, metadata.name);
};
/** It has listed, and its watches are up. */
async function begun(server: SupervisingServer): Promise<void> {
  expect(lists(await server.look())).toEqual(expect.arrayContaining(["list jobs", "list pods"]));
  await expect.poll(() => server.sees(), { timeout: 30_000 }).not.toBeNull();
}

describe("the supervisor of a server", () => {
  it("lists once, then looks without a request, and wakes the agent of a run that is lost then", async () => {
    const { paperclip } = place;
    const lost = await strangersRun();
    const server = startServer(new LeapingClock());
    await begun(server);
    for (let round = 0; round < 3; round++) expect(await server.look()).toEqual([]);
    paperclip.set(lost.runId, "failed");
    const asked = await server.look();
    expect(lists(asked)).toEqual([]);
    expect(asked).toContain("patch jobs");
    expect(paperclip.wakeups.filter(({ agentId }) => agentId === lost.agentId)).toHaveLength(1);
    await removeJobOf(lost);
  });

  it("asks Paperclip once for all living runs of a company", async () => {
    const runs = await Promise.all([strangersRun(), strangersRun(), strangersRun()]);
    const { requests } = place.paperclip;
    const server = startServer(new LeapingClock());
    await begun(server);
    await server.look();
    const before = requests.length;
    expect(await server.look()).toEqual([]);
    expect(requests.slice(before)).toEqual(["GET /api/companies/company/heartbeat-runs"]);
    await Promise.all(runs.map((run) => removeJobOf(run)));
  });

  it("sees Jobs that come, and what their pods show: a run that ended while nobody watched is adopted, not asked for again", async () => {
    const { paperclip } = place;
    const first = await strangersRun();
    const server = startServer(new LeapingClock());
    await begun(server);
    const agent = `cat >/dev/null; ${INIT}; echo working; sleep 1; ${RESULT}`;
    const ends = await loseRun(place, { agent, after: "working", wake: { taskId: "task-1" } });
    await expect
      .poll(() => server.look().then(() => paperclip.wakeups.some(({ agentId }) => agentId === ends.agentId)), {
        timeout: 30_000,
      })
      .toBe(true);
    const next = startRun(place, { agent: "exit 1", agentId: ends.agentId, wake: { retryOfRunId: ends.runId } });
    expect(await next.result).toMatchObject({ exitCode: 0, errorCode: null });
    expect(lists(await server.look())).toEqual([]);
    expect(paperclip.wakeups.filter(({ agentId }) => agentId === ends.agentId)).toHaveLength(1);
    expect(await leftovers(place, next)).toEqual([]);
    await removeJobOf(first);
  });

  variant("lists when its watches have not been heard of for a while: the process may have been frozen", async () => {
    const run = await strangersRun();
    const clock = new LeapingClock();
    const server = startServer(clock);
    await begun(server);
    await server.look();
    clock.leap(91_000);
    expect(lists(await server.look())).toEqual(["list jobs", "list pods"]);
    await removeJobOf(run);
  });

  it("holds no watch where nothing of this Paperclip is any more, nor when it is stopped", async () => {
    const apart = await place.apart();
    const clock = new LeapingClock();
    const server = startServer(clock, apart);
    expect(lists(await server.look())).toEqual(["list jobs", "list jobs"]);
    expect(await server.sees()).toBeNull();
    const run = await strangersRun(apart);
    expect(lists(await server.look())).toEqual(["list jobs", "list pods"]);
    await expect.poll(() => server.sees(), { timeout: 30_000 }).not.toBeNull();
    await removeJobOf(run, apart);
    expect(await leftovers(apart, run)).toEqual([]);
    await expect.poll(() => server.look().then(() => server.sees())).toBeNull();
    expect(await server.look()).toEqual(["list jobs"]);

    const last = await strangersRun(apart);
    await server.look();
    await expect.poll(() => server.sees(), { timeout: 30_000 }).not.toBeNull();
    server.stop();
    expect(await server.sees()).toBeNull();
    await removeJobOf(last, apart);
  });
});

onDevcluster("what has changed while the supervisor asked about it", () => {
  variant.each([
    ["by its watches", true],
    ["by lists, and goes on by its watches", false],
  ])("is left to its next look, when it looks %s", async (_, isBegun) => {
    const { admin, namespace, paperclip, devcluster } = place;
    const other = await strangersRun();
    const server = startServer(new LeapingClock());
    if (isBegun) await begun(server);
    const lost = await strangersRun();
    const newest = async () =>
      (await server.sees())?.find(({ metadata }) => metadata.labels?.[LABELS.agentId] === lost.agentId);
    if (isBegun) await expect.poll(newest, { timeout: 30_000 }).toBeDefined();
    paperclip.set(lost.runId, "failed");
    const match = { method: "GET", path: /\/secrets\// };
    const fault = devcluster?.faults.add({ match, action: { kind: "respond", code: 503 } });
    const looking = server.look();
    await expect.poll(() => fault?.hits, { timeout: 30_000 }).toBeGreaterThan(0);
    await expect.poll(newest, { timeout: 30_000 }).toBeDefined();
    const name = (await newest())?.metadata.name ?? "";
    await admin.patch(jobs, namespace, name, { metadata: { annotations: { "example.com/changed": "yes" } } });
    await expect
      .poll(async () => (await newest())?.metadata.annotations, { timeout: 30_000 })
      .toHaveProperty(["example.com/changed"]);
    fault?.remove();
    expect(await looking).not.toContain("patch jobs");
    expect(await server.look()).toContain("patch jobs");
    expect(paperclip.wakeups.filter(({ agentId }) => agentId === lost.agentId)).toHaveLength(1);
    await Promise.all([removeJobOf(lost), removeJobOf(other)]);
  });
});

onDevcluster("without the right to watch", () => {
  variant("it lets go of its watches where it may not list any more either", async () => {
    const apart = await place.apart();
    const run = await strangersRun(apart);
    const clock = new LeapingClock();
    const server = startServer(clock, apart);
    await begun(server);
    expect(await server.holds()).toBe(true);
    const giveBack = [];
    for (const resource of ["jobs", "pods"]) giveBack.push(await takeRights(apart, resource, "list", "watch"));
    apart.devcluster?.cutConnections();
    // A refusal is doubted for a while: by then the look has found out.
    await expect
      .poll(
        async () => {
          clock.leap(15_000);
          await server.look();
          return server.holds();
        },
        { timeout: 60_000 },
      )
      .toBe(false);
    for (const give of giveBack.toReversed()) await give();
    await removeJobOf(run, apart);
  });

  it("it lists as it always did, and holds nothing that would list more often", async () => {
    const apart = await place.apart();
    await takeRights(apart, "jobs", "watch");
    await takeRights(apart, "pods", "watch");
    const run = await strangersRun(apart);
    const clock = new LeapingClock();
    const server = startServer(clock, apart);
    await server.look();
    // The refusal is not believed at once.
    await expect
      .poll(() => server.asked.filter((what) => what.startsWith("watch")).length, { timeout: 30_000 })
      .toBeGreaterThanOrEqual(4);
    await server.look();
    for (let round = 0; round < 4; round++) {
      clock.leap(15_000);
      const before = server.asked.length;
      expect(lists(await server.look())).toEqual(["list jobs", "list pods"]);
      expect(server.asked.length - before).toBeLessThanOrEqual(4);
    }
    await removeJobOf(run, apart);
  });
});
