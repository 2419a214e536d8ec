/** Fewer rights than the documented Role: the run gets by, or ends with the missing right's name. It never waits for ever. */
import { afterEach, describe, expect, it } from "vitest";
import { ClusterRegistry } from "../../src/kubernetes/cluster-registry.ts";
import { jobs } from "../../src/kubernetes/resource-types.ts";
import { LABELS } from "../../src/run/shared/names.ts";
import { variant } from "../support/variant.ts";
import type { Gates } from "./support/gate.ts";
import { LeapingClock } from "./support/leaping-clock.ts";
import { leftovers, objectsOf } from "./support/leftovers.ts";
import type { Place } from "./support/place.ts";
import { takeRights } from "./support/rights.ts";
import { INIT, RESULT, SESSION, startRun } from "./support/run.ts";
import { useGates, usePlace } from "./support/use-place.ts";

let place: Place;
let gates: Gates;
let giveBack: () => Promise<void> = () => Promise.resolve();
usePlace((opened) => {
  place = opened;
});
useGates((made) => {
  gates = made;
});
afterEach(() => giveBack());

const QUICK = `cat >/dev/null; ${INIT}; ${RESULT}`;

describe("a run that may not", () => {
  it.each([
    ["watch pods, reads lists instead", ["watch"]],
    ["list pods, sees them by the watch", ["list"]],
  ])("%s", async (_, verbs) => {
    giveBack = await takeRights(place, "pods", ...verbs);
    const run = startRun(place, { agent: QUICK, dependencies: { clusters: new ClusterRegistry() } });
    expect(await run.result).toMatchObject({ exitCode: 0, errorCode: null, sessionId: SESSION });
    expect(await leftovers(place, run)).toEqual([]);
  });

  variant("list pods, and waits for a node that never comes, is given up all the same", async () => {
    giveBack = await takeRights(place, "pods", "list");
    const config = { nodeSelector: { "no-such": "node" }, podStartTimeoutSec: 2 };
    const run = startRun(place, { agent: QUICK, config, dependencies: { clusters: new ClusterRegistry() } });
    expect((await run.result).errorCode).toBe("k8s_pod_schedule_failed");
    expect(await leftovers(place, run)).toEqual([]);
  });

  variant("list pods, still sees that the pod of a deleted Job saves its session, and waits for it", async () => {
    const saves = `trap 'sleep 12; echo saved; exit 143' TERM; cat >/dev/null; ${INIT}; echo ready; while :; do sleep 0.1; done`;
    const first = startRun(place, { agent: saves, config: { graceSec: 30 } });
    await first.said("ready");
    giveBack = await takeRights(place, "pods", "list");
    const labelSelector = `${LABELS.agentId}=${first.agentId}`;
    const [job] = (await place.admin.list(jobs, place.namespace, { labelSelector })).items;
    await place.admin.delete(jobs, place.namespace, job?.metadata.name ?? "");
    // A process that has seen nothing yet.
    const dependencies = { clusters: new ClusterRegistry() };
    const second = startRun(place, { agent: QUICK, agentId: first.agentId, dependencies });
    expect((await second.event("k8s.run.waiting")).message).toMatch(/was deleted, and its pod ac-\S+ is ending/);
    expect(await second.result).toMatchObject({ exitCode: 0, errorCode: null });
    await first.result;
    expect(await leftovers(place, first)).toEqual([]);
  });

  variant("read Events, and whose pod may not be created, names the right and not a cause", async () => {
    giveBack = await takeRights(place, "events", "list");
    const config = { serviceAccountName: "no-such-account", podStartTimeoutSec: 7 };
    const run = startRun(place, { agent: QUICK, config, dependencies: { clusters: new ClusterRegistry() } });
    const result = await run.result;
    expect(result.errorCode).toBe("k8s_pod_schedule_failed");
    expect(result.errorMessage).toContain("why cannot be seen: list events");
    expect(result.errorMessage).toContain('Grant the verb "list" on events in namespace');
    expect(await leftovers(place, run)).toEqual([]);
  });

  it("see pods at all, is refused before anything is made, and the right is named", async () => {
    giveBack = await takeRights(place, "pods", "list", "watch");
    const run = startRun(place, { agent: QUICK, dependencies: { clusters: new ClusterRegistry() } });
    const result = await run.result;
    expect(result).toMatchObject({
      errorCode: "k8s_observation_lost",
      executionRecovery: { kind: "bootstrap", providerWorkStarted: false },
    });
    expect(result.errorMessage).toContain('Grant the verb "list" on pods in namespace');
    expect(await objectsOf(place, run)).toEqual([]);
  });
});

// Gates and cuts are the devcluster's.
describe.skipIf(process.env.TEST_KUBECONFIG)("rights that are taken away in the middle of a run", () => {
  it.each(["pods", "jobs"])(
    "to see %s: it ends after a minute, its Job goes on, and the next run has it all",
    async (what) => {
      const clock = new LeapingClock();
      const gate = `end-${what}`;
      const agent = `cat >/dev/null; ${INIT}; echo working; ${gates.waitFor(gate)}; ${RESULT}`;
      const run = startRun(place, { agent, dependencies: { clusters: new ClusterRegistry({ clock }) } });
      await run.said("working");
      giveBack = await takeRights(place, what, "list", "watch");
      // A watch that stands goes on: rights are asked for when it is opened anew.
      place.devcluster?.cutConnections();
      const { message } = await leapUntil(clock, run.event("k8s.observation.denied"));
      expect(message).toContain(`list ${what}`);
      const result = await leapUntil(clock, run.result);
      expect(result.errorCode, result.errorMessage ?? "").toBe("k8s_observation_lost");
      expect(result.errorMessage).toContain("the run may still be alive in the cluster");
      expect(result.errorMessage).toContain(`Grant the verb "list" on ${what} in namespace`);
      expect(result.executionRecovery).toBeUndefined();
      expect(await objectsOf(place, run)).toHaveLength(3);

      await giveBack();
      const next = startRun(place, { agent, agentId: run.agentId, wake: { retryOfRunId: run.runId } });
      await next.said("working");
      await gates.open(gate);
      expect(await next.result).toMatchObject({
        exitCode: 0,
        errorCode: null,
        resultJson: { transcript: { lines: 3 } },
      });
      expect(await leftovers(place, { agentId: run.agentId })).toEqual([]);
    },
  );

  it("for a moment only: the run does not even notice its end", async () => {
    const clock = new LeapingClock();
    const agent = `cat >/dev/null; ${INIT}; echo working; ${gates.waitFor("moment")}; ${RESULT}`;
    const run = startRun(place, { agent, dependencies: { clusters: new ClusterRegistry({ clock }) } });
    await run.said("working");
    giveBack = await takeRights(place, "pods", "list", "watch");
    place.devcluster?.cutConnections();
    await leapUntil(clock, run.event("k8s.observation.denied"));
    await giveBack();
    await gates.open("moment");
    expect(await leapUntil(clock, run.result)).toMatchObject({ exitCode: 0, errorCode: null });
    expect(await leftovers(place, run)).toEqual([]);
  });
});

describe.skipIf(process.env.TEST_KUBECONFIG)("a cluster that shows nothing", () => {
  it("is waited for three minutes, then the run is refused and nothing was made", async () => {
    const clock = new LeapingClock();
    // The claim's own lists name the agent: these go through.
    const match = { method: "GET", path: /\/(jobs|pods)$/, query: /^(?!.*agent-id)/ };
    const fault = place.devcluster?.faults.add({ match, action: { kind: "respond", code: 503 } });
    const run = startRun(place, { agent: QUICK, dependencies: { clusters: new ClusterRegistry({ clock }) } });
    const result = await leapUntil(clock, run.result);
    fault?.remove();
    expect(result.errorCode).toBe("k8s_observation_lost");
    expect(result.errorMessage).toMatch(
      /The run is not started, because its end could not be observed: (watch|list) (pods|jobs).*503/,
    );
    expect(await objectsOf(place, run)).toEqual([]);
  });
});

/** Seconds pass at once until something has happened. */
async function leapUntil<T>(clock: LeapingClock, what: Promise<T>): Promise<T> {
  let done = false;
  const settled = what.finally(() => {
    done = true;
  });
  settled.catch(() => undefined);
  while (!done) {
    clock.leap(2000);
    await place.admin.clock.sleep(50);
  }
  return settled;
}
