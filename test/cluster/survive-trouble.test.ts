/**
 * A run survives an API server that restarts, is away, overloaded, failing or slow. SURVIVE_OUTAGE_SEC: for how long;
 * SURVIVE_SLOW_SEC: how slow each call is.
 */
import { describe, expect } from "vitest";
import type { FaultAction, FaultMatch } from "../../devcluster/src/index.ts";
import { ClusterRegistry } from "../../src/kubernetes/cluster-registry.ts";
import { jobs } from "../../src/kubernetes/resource-types.ts";
import { LABELS } from "../../src/run/shared/names.ts";
import { some } from "../support/thoroughness.ts";
import { withVariants } from "../support/variant.ts";
import { leftovers } from "./support/leftovers.ts";
import type { DevclusterPlace } from "./support/place.ts";
import { INIT, RESULT, SESSION, startRun, type TestRun } from "./support/run.ts";
import { itsOwn as it, onDevcluster } from "./support/use-place.ts";

const variant = it.runIf(withVariants);

// Faults are the devcluster's: this file does not run on a real cluster. Side by side, for each waits until its trouble
// is over.
onDevcluster.concurrent("an API server in trouble", { timeout: 240_000 }, () => {
  const OUTAGE_MS = Number(process.env.SURVIVE_OUTAGE_SEC ?? 6) * 1000;
  const LINES = Math.ceil((OUTAGE_MS + 2000) / 100);
  const TALKS = `cat >/dev/null; ${INIT}; i=0; while [ $i -lt ${LINES} ]; do echo "line $i"; i=$((i+1)); sleep 0.1; done; ${RESULT}`;
  const talked = Array.from({ length: LINES }, (_, index) => `line ${index}`);
  const DOWN = { kind: "drop", when: "before" } as const;

  async function expectWhole(place: DevclusterPlace, run: TestRun): Promise<void> {
    const result = await run.result;
    expect(result, result.errorMessage ?? "").toMatchObject({ exitCode: 0, errorCode: null, sessionId: SESSION });
    expect(result.resultJson?.transcript).toMatchObject({ complete: true, lines: LINES + 2 });
    expect(run.stdout().trimEnd().split("\n").slice(1, -1)).toEqual(talked);
    expect(await leftovers(place, run)).toEqual([]);
  }

  it("lesson 4, cases 40–42: that restarts: each line arrives once", async ({ place, devcluster }) => {
    const run = startRun(place, { agent: TALKS });
    for (const line of [1, 10, 20, 30]) {
      await run.said(`line ${line}\n`);
      devcluster.cutConnections();
    }
    await expectWhole(place, run);
  });

  it.for(
    some<[string, FaultAction]>(
      [
        ["unreachable", DOWN],
        ["overloaded (429)", { kind: "respond", code: 429, retryAfter: 1 } as const],
        ["failing (503)", { kind: "respond", code: 503 } as const],
        ["failing (500)", { kind: "respond", code: 500 } as const],
        ["refusing its credentials (401)", { kind: "respond", code: 401, message: "Unauthorized" } as const],
      ],
      4,
    ),
  )("cases 30, 44, 50, 51: %s for a while, in the middle of a run", async ([, action], { place, devcluster }) => {
    const run = startRun(place, { agent: TALKS });
    await run.said("line 3\n");
    const fault = devcluster.faults.add({ action });
    devcluster.cutConnections();
    await place.admin.clock.sleep(OUTAGE_MS);
    fault.remove();
    await expectWhole(place, run);
  });

  variant("away when the agent ends: the verdict waits, and is right", async ({ place, devcluster }) => {
    const run = startRun(place, { agent: TALKS });
    await run.said(`line ${LINES - 5}\n`);
    const fault = devcluster.faults.add({ action: DOWN });
    devcluster.cutConnections();
    await place.admin.clock.sleep(3000);
    fault.remove();
    await expectWhole(place, run);
  });

  it.for(
    some<[string, FaultAction]>(
      [
        ["away", DOWN],
        ["overloaded (429)", { kind: "respond", code: 429, retryAfter: 5 } as const],
        ["failing (503)", { kind: "respond", code: 503, retryAfter: 5 } as const],
        ["refusing its credentials (401)", { kind: "respond", code: 401, message: "Unauthorized" } as const],
      ],
      4,
    ),
  )("%s when the run begins: it waits its turn, and says what for", async ([, action], { place, devcluster }) => {
    const fault = devcluster.faults.add({ action });
    devcluster.cutConnections();
    const run = startRun(place, { agent: `cat >/dev/null; ${INIT}; ${RESULT}` });
    // Before there is a Job the adapter waits a minute at most: then the host had better know.
    await run.event("k8s.api.waiting", /^Waiting for the API server: it (answers (401|429|503)|cannot be reached)/);
    await place.admin.clock.sleep(Math.min(OUTAGE_MS, 20_000));
    fault.remove();
    expect(await run.result).toMatchObject({ exitCode: 0, errorCode: null });
    expect(await leftovers(place, run)).toEqual([]);
  });

  variant("slow to answer, in every call of the whole run", async ({ place, devcluster }) => {
    const milliseconds = Number(process.env.SURVIVE_SLOW_SEC ?? 0.7) * 1000;
    const fault = devcluster.faults.add({ action: { kind: "delay", milliseconds } });
    const run = startRun(place, { agent: TALKS });
    await run.result;
    fault.remove();
    await expectWhole(place, run);
  });

  variant.for<[string, FaultMatch]>([
    ["creating the Job", { method: "POST", path: /\/jobs$/ }],
    ["creating the Secret", { method: "POST", path: /\/secrets$/ }],
    ["letting the Job go", { method: "PATCH", path: /\/jobs\// }],
    ["deleting the Job", { method: "DELETE", path: /\/jobs\// }],
  ])("whose answer to %s is lost, twice", async ([, match], { place, devcluster }) => {
    const fault = devcluster.faults.add({ match, action: { kind: "drop", when: "after" }, count: 2 });
    const run = startRun(place, { agent: `cat >/dev/null; ${INIT}; ${RESULT}` });
    expect(await run.result).toMatchObject({ exitCode: 0, errorCode: null, sessionId: SESSION });
    expect(fault.hits).toBeGreaterThan(0);
    fault.remove();
    expect(await leftovers(place, run)).toEqual([]);
  });

  const DENIED =
    'pods is forbidden: User "system:serviceaccount:paperclip:paperclip" cannot get resource "pods" in API group "" in the namespace "agents"';
  /** Milliseconds of trouble at each call, from the first that it meets. */
  const FOR_MS = 700;

  it.for(
    some<[string, FaultAction]>(
      [
        ["refuses the credentials (401)", { kind: "respond", code: 401, message: "Unauthorized" }],
        ["has not loaded its roles yet (403)", { kind: "respond", code: 403, message: DENIED }],
        ["refuses connections", DOWN],
        ["is overloaded (429)", { kind: "respond", code: 429, retryAfter: 1 }],
        ["fails (500)", { kind: "respond", code: 500 }],
        ["is starting (503)", { kind: "respond", code: 503, retryAfter: 1 }],
        ["has a gateway that gives up (504)", { kind: "respond", code: 504 }],
      ],
      6,
    ),
  )("that %s, at each call of a run: it goes on when that is over", async ([, action], { place, devcluster }) => {
    const calls = {
      "watch jobs": { method: "GET", path: /\/jobs$/, query: /watch=/ },
      "watch pods": { method: "GET", path: /\/pods$/, query: /watch=/ },
      "list jobs": { method: "GET", path: /\/jobs$/, query: /agent-id/ },
      "create Job": { method: "POST", path: /\/jobs$/ },
      "create Secret": { method: "POST", path: /\/secrets$/ },
      unsuspend: { method: "PATCH", path: /\/jobs\// },
      log: { method: "GET", path: /\/log$/ },
      delete: { method: "DELETE", path: /\/jobs\// },
    };
    const troubles = Object.entries(calls).map(([name, match]) => {
      const fault = devcluster.faults.add({ action, match });
      const ended = new AbortController();
      const over = (async () => {
        while (!fault.hits && !ended.signal.aborted) await place.admin.clock.sleep(5);
        await place.admin.clock.sleep(FOR_MS);
        fault.remove();
      })();
      return { name, fault, ended, over };
    });
    const run = startRun(place, { agent: `cat >/dev/null; ${INIT}; echo ready; sleep 2; ${RESULT}` });
    const result = await run.result;
    for (const { ended } of troubles) ended.abort();
    await Promise.all(troubles.map(({ over }) => over));
    expect(result, result.errorMessage ?? "").toMatchObject({ exitCode: 0, errorCode: null, sessionId: SESSION });
    expect(result.resultJson?.transcript).toMatchObject({ complete: true, lines: 3 });
    expect(troubles.filter(({ fault }) => fault.hits === 0).map(({ name }) => name)).toEqual([]);
    expect(await leftovers(place, run)).toEqual([]);
  });

  it("failing while Job and Secret are created: it is tried again", async ({ place, devcluster }) => {
    const fault = devcluster.faults.add({
      match: { method: "POST" },
      action: { kind: "respond", code: 500 },
      count: 3,
    });
    const run = startRun(place, { agent: `cat >/dev/null; ${INIT}; ${RESULT}` });
    expect(await run.result).toMatchObject({ exitCode: 0, errorCode: null });
    expect(fault.hits).toBe(3);
    fault.remove();
    expect(await leftovers(place, run)).toEqual([]);
  });

  variant(
    "away between the Job's creation and its start: the run waits as long as for every other of these calls",
    async ({ place, devcluster }) => {
      const creating = devcluster.faults.add({
        match: { method: "POST", path: /\/jobs$/ },
        action: { kind: "delay", milliseconds: 300 },
      });
      const clusters = new ClusterRegistry({ retryForMs: 500 });
      const run = startRun(place, { agent: `cat >/dev/null; ${INIT}; ${RESULT}`, dependencies: { clusters } });
      while (!creating.hits) await place.admin.clock.sleep(5);
      const match = { method: "GET", path: /\/jobs$/, query: /agent-id/ };
      const fault = devcluster.faults.add({ match, action: { kind: "respond", code: 503 } });
      while (!fault.hits) await place.admin.clock.sleep(5);
      await place.admin.clock.sleep(1500);
      devcluster.faults.clear();
      expect(await run.result).toMatchObject({ exitCode: 0, errorCode: null });
      expect(await leftovers(place, run)).toEqual([]);
    },
  );

  describe("that tells us nothing of a Job from its birth on", () => {
    const POST = { method: "POST", path: /\/jobs$/ };
    const PATCH = { method: "PATCH", path: /\/jobs\// };
    const ITSELF = { method: "GET", path: /\/jobs\/[^/]+$/ };
    // The claim's lists name the agent, the observer's do not.
    const NEWS = { method: "GET", path: /\/jobs$/, query: /^(?!.*agent-id)/ };

    /** The Job is let go while no news of it comes, and asking for it gets this answer. */
    async function startUnseen(place: DevclusterPlace, agent: string, answer: FaultAction) {
      const { devcluster } = place;
      const slow = { kind: "delay", milliseconds: 300 } as const;
      const creating = devcluster.faults.add({ match: POST, action: slow });
      const lettingGo = devcluster.faults.add({ match: PATCH, action: slow });
      const clusters = new ClusterRegistry({ retryForMs: 500 });
      const run = startRun(place, { agent, dependencies: { clusters } });
      while (!creating.hits) await place.admin.clock.sleep(5);
      devcluster.faults.add({ match: NEWS, action: { kind: "respond", code: 503 } });
      devcluster.cutConnections();
      while (!lettingGo.hits) await place.admin.clock.sleep(5);
      const mute = devcluster.faults.add({ match: ITSELF, action: answer });
      return { run, mute };
    }

    variant("and is away for long: the run waits", async ({ place, devcluster }) => {
      const { run, mute } = await startUnseen(place, TALKS, { kind: "respond", code: 503 });
      while (mute.hits < 3) await place.admin.clock.sleep(5);
      await place.admin.clock.sleep(1500);
      devcluster.faults.clear();
      await expectWhole(place, run);
    });

    it("and will not be asked: the message says that the run can no longer be observed, not that it never began", async ({
      place,
      devcluster,
    }) => {
      // No waiting mends this one.
      const never = { kind: "respond", code: 500, message: "etcdserver: request is too large" } as const;
      const { run } = await startUnseen(place, TALKS, never);
      const result = await run.result;
      devcluster.faults.clear();
      expect(result).toMatchObject({ errorCode: "k8s_observation_lost", resultJson: { verdict: "adapter-fault" } });
      expect(result.errorMessage).toMatch(/can no longer be observed.*may still be alive/);
      expect(result).not.toHaveProperty("executionRecovery");
      // It is left to the agent's next run.
      const next = startRun(place, { agent: "exit 1", agentId: run.agentId });
      await next.event("k8s.job.adopted");
      await expectWhole(place, next);
    });
  });

  it("that cannot delete the Job at last: the verdict stands, the next run removes it and does not report it again", async ({
    place,
    devcluster,
  }) => {
    const match = { method: "DELETE", path: /\/jobs\// };
    const fault = devcluster.faults.add({ match, action: { kind: "respond", code: 503, retryAfter: 30 } });
    const first = startRun(place, { agent: `cat >/dev/null; ${INIT}; ${RESULT}` });
    expect(await first.result).toMatchObject({ exitCode: 0, costUsd: 0.25 });
    expect(first.statuses.join("\n")).toMatch(/could not be deleted/);
    fault.remove();
    const labelSelector = `${LABELS.agentId}=${first.agentId}`;
    expect((await place.admin.list(jobs, place.namespace, { labelSelector })).items).toHaveLength(1);
    const second = startRun(place, {
      agent: `cat >/dev/null; ${INIT}; echo fresh; ${RESULT}`,
      agentId: first.agentId,
      wake: { retryOfRunId: first.runId },
    });
    expect(await second.result).toMatchObject({ exitCode: 0 });
    expect(second.stdout()).toContain("fresh");
    expect(await leftovers(place, first)).toEqual([]);
  });
});
