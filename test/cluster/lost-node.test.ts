/** A node that is not heard of: nothing is invented about the agent, and the run has an end all the same. */
import { describe, expect, it } from "vitest";
import type { Devcluster } from "../../devcluster/src/index.ts";
import { ClusterRegistry } from "../../src/kubernetes/cluster-registry.ts";
import { jobs, pods } from "../../src/kubernetes/resource-types.ts";
import { LABELS } from "../../src/run/shared/names.ts";
import { LeapingClock, pass } from "./support/leaping-clock.ts";
import { leftovers, objectsOf } from "./support/leftovers.ts";
import type { Place } from "./support/place.ts";
import { INIT, RESULT, SESSION, startRun, type TestRun } from "./support/run.ts";
import { onDevcluster, useDevcluster } from "./support/use-place.ts";

let place: Place;
let devcluster: Devcluster;
useDevcluster((opened, itsDevcluster) => {
  place = opened;
  devcluster = itsDevcluster;
});

const tolerations = ["not-ready", "unreachable"].map((key) => ({
  key: `node.kubernetes.io/${key}`,
  operator: "Exists",
  effect: "NoExecute",
  tolerationSeconds: 1,
}));

/** Resolves when the cluster has given the pod up: it is to be deleted, and its node does not know. */
async function untilGivenUp({ runId }: TestRun): Promise<void> {
  const labelSelector = `${LABELS.runId}=${runId}`;
  const given = async () => (await place.admin.list(pods, place.namespace, { labelSelector })).items[0];
  await expect.poll(async () => (await given())?.metadata.deletionTimestamp, { timeout: 10_000 }).toBeDefined();
  expect((await given())?.status?.conditions).toContainEqual(
    expect.objectContaining({ type: "DisruptionTarget", reason: "DeletionByTaintManager" }),
  );
}

onDevcluster("a node that is cut off", () => {
  describe("and comes back", () => {
    it("before its pod is given up: the run goes on, and each line arrives once", async () => {
      const run = startRun(place, {
        agent: `cat >/dev/null; ${INIT}; i=0; while [ $i -lt 20 ]; do echo "line $i"; i=$((i+1)); sleep 0.1; done; ${RESULT}`,
      });
      await run.said("line 3\n");
      devcluster.node.disconnect();
      await place.admin.clock.sleep(1000);
      devcluster.node.reconnect();
      expect(await run.result).toMatchObject({ exitCode: 0, errorCode: null });
      const lines = Array.from({ length: 20 }, (_, index) => `line ${index}`);
      expect(run.stdout().trimEnd().split("\n").slice(1, -1)).toEqual(lines);
      expect(await leftovers(place, run)).toEqual([]);
    });

    it("after its pod was given up: the end that the node tells is the run's", async () => {
      const agent = `trap 'echo saved; exit 143' TERM; cat >/dev/null; ${INIT}; echo ready; while :; do sleep 0.1; done`;
      const run = startRun(place, { agent, config: { tolerations } });
      await run.said("ready");
      devcluster.node.disconnect();
      await untilGivenUp(run);
      devcluster.node.reconnect();
      const result = await run.result;
      expect(result).toMatchObject({ errorCode: "k8s_pod_disrupted", exitCode: 143, sessionId: SESSION });
      expect(run.stdout()).toContain("saved");
      expect(await leftovers(place, run)).toEqual([]);
    });
  });

  it("and stays away: the run ends once the pod is given up for long, and says that nobody knows of its agent", async () => {
    const clock = new LeapingClock();
    const clusters = new ClusterRegistry({ clock });
    const agent = `cat >/dev/null; ${INIT}; echo ready; exec sleep 600`;
    const run = startRun(place, { agent, config: { tolerations }, dependencies: { clusters } });
    await run.said("ready");
    devcluster.node.disconnect();
    await untilGivenUp(run);
    await pass(clock, 30);
    const result = await run.result;
    expect(result, result.errorMessage ?? "").toMatchObject({ errorCode: "k8s_pod_disrupted", sessionId: SESSION });
    expect(result.errorMessage).toMatch(/node/);
    // The agent may still run: its Job is nobody's to delete before the node or a person has spoken.
    const [job] = (await objectsOf(place, run)).flatMap((name) => /^Job (.*)/.exec(name)?.[1] ?? []);
    expect(job).toBeDefined();
    devcluster.node.reconnect();
    await place.admin.delete(jobs, place.namespace, job ?? "");
    expect(await leftovers(place, run)).toEqual([]);
  });
});
