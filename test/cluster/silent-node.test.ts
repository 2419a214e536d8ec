/** A node that does not answer: nobody can say whether its agents run, so none starts beside them. */
import { expect, it } from "vitest";
import type { Devcluster } from "../../devcluster/src/index.ts";
import { ClusterRegistry } from "../../src/kubernetes/cluster-registry.ts";
import { jobs, pods } from "../../src/kubernetes/resource-types.ts";
import { LABELS } from "../../src/run/shared/names.ts";
import { freshId } from "./support/context.ts";
import { LeapingClock, pass } from "./support/leaping-clock.ts";
import type { Place } from "./support/place.ts";
import { INIT, SESSION, startRun } from "./support/run.ts";
import { onDevcluster, useDevcluster } from "./support/use-place.ts";

let place: Place;
let devcluster: Devcluster;
useDevcluster((opened, cluster) => {
  place = opened;
  devcluster = cluster;
});

const WORKS = `cat >/dev/null; ${INIT}; echo ready; while :; do sleep 0.1; done`;
const jobsOf = async (agentId: string) =>
  (await place.admin.list(jobs, place.namespace, { labelSelector: `${LABELS.agentId}=${agentId}` })).items;

onDevcluster("a run on a node that does not answer", () => {
  it("ends when its end is overdue, and holds its slot until an operator gives it up", async () => {
    const clock = new LeapingClock();
    const dependencies = () => ({ clusters: new ClusterRegistry({ clock }) });
    const agentId = `agent-${freshId()}`;
    const deleted = startRun(place, { agent: WORKS, agentId, dependencies: dependencies() });
    const timedOut = startRun(place, { agent: WORKS, config: { timeoutSec: 60 }, dependencies: dependencies() });
    await Promise.all([deleted.said("ready"), timedOut.said("ready")]);
    await devcluster.node.lose();
    // As the taint manager does when the tolerations of the pod are over.
    const labelSelector = `${LABELS.agentId}=${agentId}`;
    const [pod] = (await place.admin.list(pods, place.namespace, { labelSelector })).items;
    await place.admin.delete(pods, place.namespace, pod?.metadata.name ?? "");

    await pass(clock, 5);
    const results = await Promise.all([deleted.result, timedOut.result]);
    for (const result of results) {
      expect(result).toMatchObject({ errorCode: "k8s_pod_disrupted", sessionId: SESSION });
      expect(result.resultJson).toMatchObject({ verdict: "disrupted" });
      expect(result.executionRecovery).toBeUndefined();
      expect(result.errorMessage).toMatch(
        /does not tell of the end of pod .*nobody can say whether the agent still runs/,
      );
      expect(result.errorMessage).toMatch(/kubectl -n \S+ annotate job \S+ paperclip.io\/abandoned=true/);
    }
    expect(results[0].errorMessage).toContain("which was told to end");
    expect(results[1].errorMessage).toContain("whose time (timeoutSec) is over");
    const [held] = await jobsOf(agentId);
    expect(held).toMatchObject({ spec: { suspend: false } });

    const next = startRun(place, { agent: WORKS, agentId, dependencies: dependencies() });
    await next.event("k8s.run.waiting", /on a node that does not answer/);
    await pass(clock, 6);
    expect(await next.result).toMatchObject({ errorCode: "k8s_concurrent_run_blocked", errorFamily: null });
    expect(await jobsOf(agentId)).toHaveLength(1);

    const name = held?.metadata.name ?? "";
    await place.admin.patch(jobs, place.namespace, name, {
      metadata: { annotations: { "paperclip.io/abandoned": "true" } },
    });
    const third = startRun(place, { agent: WORKS, agentId, dependencies: dependencies() });
    await expect.poll(async () => (await jobsOf(agentId)).length).toBe(2);
    third.cancel();
    expect(await third.result).toMatchObject({ errorCode: "cancelled" });
  });
});
