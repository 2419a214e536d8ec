/** Waiting for the pod is not failing; what is given up says why in the cluster's own words, and what to do. */
import { describe, expect, it } from "vitest";
import type { Devcluster } from "../../devcluster/src/index.ts";
import { leftovers } from "./support/leftovers.ts";
import type { Place } from "./support/place.ts";
import { INIT, RESULT, startRun } from "./support/run.ts";
import { usePlace } from "./support/use-place.ts";

let place: Place;
usePlace((opened) => {
  place = opened;
});

function labelNode({ store }: Devcluster, pool: string): void {
  const [node] = store.list("nodes");
  store.mutate("nodes", "", node?.metadata.name ?? "", ({ metadata }) => {
    metadata.labels = { ...metadata.labels, pool };
  });
}

const AGENT = `cat >/dev/null; ${INIT}; ${RESULT}`;

describe("a pod that no node takes", () => {
  it("25: waits for a node that comes late, and tells what the scheduler says", async ({ skip }) => {
    const { devcluster } = place;
    if (!devcluster) return skip("the node's labels are the devcluster's");
    const run = startRun(place, { agent: AGENT, config: { nodeSelector: { pool: "agents" } } });
    await run.event("k8s.pod.unscheduled", /0\/1 nodes are available/);
    labelNode(devcluster, "agents");
    expect(await run.result).toMatchObject({ exitCode: 0, errorCode: null });
    expect(await leftovers(place, run)).toEqual([]);
  });

  it("is not given up because we could not see it start", async ({ skip }) => {
    const { devcluster } = place;
    if (!devcluster) return skip("faults are the devcluster's");
    const config = { nodeSelector: { pool: "later" }, podStartTimeoutSec: 8 };
    const run = startRun(place, { agent: `cat >/dev/null; ${INIT}; sleep 10; ${RESULT}`, config });
    await run.event("k8s.pod.unscheduled");
    const fault = devcluster.faults.add({ action: { kind: "drop", when: "before" } });
    devcluster.cutConnections();
    labelNode(devcluster, "later");
    await place.admin.clock.sleep(9000);
    fault.remove();
    expect(await run.result).toMatchObject({ exitCode: 0, errorCode: null });
    expect(await leftovers(place, run)).toEqual([]);
  });

  it("is given up after podStartTimeoutSec, with the scheduler's words", async () => {
    const config = { nodeSelector: { "no-such": "node" }, podStartTimeoutSec: 2 };
    const run = startRun(place, { agent: AGENT, config });
    const result = await run.result;
    expect(result).toMatchObject({
      errorCode: "k8s_pod_schedule_failed",
      executionRecovery: { kind: "bootstrap", providerWorkStarted: false },
    });
    expect(result.errorMessage).toMatch(/nodes are available/);
    expect(await leftovers(place, run)).toEqual([]);
  });
});
