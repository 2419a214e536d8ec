import { describe, expect, it } from "vitest";
import { jobs, pods, secrets } from "../../src/kubernetes/resource-types.ts";
import { LABELS } from "../../src/run/shared/names.ts";
import { leftovers, objectsOf } from "./support/leftovers.ts";
import type { Place } from "./support/place.ts";
import { INIT, SESSION, startRun } from "./support/run.ts";
import { usePlace } from "./support/use-place.ts";

let place: Place;
usePlace((opened) => {
  place = opened;
});

/** Saves its session on SIGTERM, as Claude Code does, and says so. */
const SAVES = `trap 'echo saved; exit 143' TERM; cat >/dev/null; ${INIT}; echo ready; while :; do sleep 0.1; done`;

describe("stopping a run", () => {
  it("on the host's Stop: the agent saves its session, then everything goes", async () => {
    const run = startRun(place, { agent: SAVES });
    await run.said("ready");
    run.cancel();
    const result = await run.result;
    expect(run.stdout()).toContain("saved");
    expect(result).toMatchObject({
      errorCode: "cancelled",
      sessionId: SESSION,
      resultJson: { executionCancellation: { state: "acknowledged" } },
    });
    expect(result.errorMessage).toContain("Cancelled by a board operator");
    expect(await leftovers(place, run)).toEqual([]);
  });

  it("kills an agent that does not stop, after its grace", async () => {
    const run = startRun(place, {
      agent: `trap '' TERM; cat >/dev/null; ${INIT}; echo ready; while :; do sleep 0.1; done`,
      config: { graceSec: 1 },
    });
    await run.said("ready");
    run.cancel();
    expect(await run.result).toMatchObject({ errorCode: "cancelled", sessionId: SESSION });
    expect(await leftovers(place, run)).toEqual([]);
  });

  it("while the pod is waiting: nothing ever starts, nothing is left", async () => {
    const run = startRun(place, { agent: SAVES, config: { nodeSelector: { "no-such-node": "yes" } } });
    await run.event("k8s.pod.unscheduled");
    run.cancel();
    const result = await run.result;
    expect(result.errorCode).toBe("cancelled");
    expect(run.stdout()).toBe("");
    expect(await leftovers(place, run)).toEqual([]);
  });

  it("before it began: no Job is made", async () => {
    const run = startRun(place, { agent: SAVES, context: { signal: AbortSignal.abort(new Error("too late")) } });
    expect((await run.result).errorCode).toBe("cancelled");
    expect(await objectsOf(place, run)).toEqual([]);
  });

  it("leaves the Job alone when the host only loses its lease", async () => {
    const run = startRun(place, { agent: SAVES });
    await run.said("ready");
    run.cancel("Legacy controller lease lost");
    const result = await run.result;
    expect(result.errorCode).toBe("k8s_controller_detached");
    const labelSelector = `${LABELS.runId}=${run.runId}`;
    const [job] = (await place.admin.list(jobs, place.namespace, { labelSelector })).items;
    expect(job?.spec?.suspend).toBe(false);
    expect(job?.metadata.deletionTimestamp).toBeUndefined();
    await place.admin.delete(jobs, place.namespace, job?.metadata.name ?? "");
    expect(await leftovers(place, run)).toEqual([]);
  });

  it("from outside, kill -TERM by deleting the pod: session and exit code are known from the seal", async () => {
    const run = startRun(place, { agent: SAVES });
    await run.said("ready");
    const labelSelector = `${LABELS.runId}=${run.runId}`;
    const [pod] = (await place.admin.list(pods, place.namespace, { labelSelector })).items;
    await place.admin.delete(pods, place.namespace, pod?.metadata.name ?? "");
    const result = await run.result;
    expect(run.stdout()).toContain("saved");
    expect(result).toMatchObject({ errorCode: "k8s_pod_deleted_externally", exitCode: 143, sessionId: SESSION });
    expect(await leftovers(place, run)).toEqual([]);
  });

  // As a spot node does that shuts down.
  it("from outside, with less time than the agent's grace: session and lines are known all the same", async () => {
    const slow = `trap 'echo told; sleep 30; exit 0' TERM; cat >/dev/null; ${INIT}; echo ready; while :; do sleep 0.1; done`;
    const run = startRun(place, { agent: slow, config: { graceSec: 30 } });
    await run.said("ready");
    const labelSelector = `${LABELS.runId}=${run.runId}`;
    const [pod] = (await place.admin.list(pods, place.namespace, { labelSelector })).items;
    const began = Date.now();
    await place.admin.delete(pods, place.namespace, pod?.metadata.name ?? "", { gracePeriodSeconds: 3 });
    const result = await run.result;
    expect(Date.now() - began).toBeLessThan(20_000);
    expect(result).toMatchObject({ errorCode: "k8s_pod_deleted_externally", sessionId: SESSION });
    expect(result.errorMessage).toMatch(/exit code 137 \(SIGKILL\)/);
    expect(run.stdout()).toContain("ready\ntold\n");
    expect(result.resultJson).toMatchObject({ stopped: true, transcript: { complete: false, lines: 3, missing: [] } });
    expect(await leftovers(place, run)).toEqual([]);
  });

  it.each([
    ["30, 53, 54: from outside, by deleting the Job", "Background"],
    ["30, 54: from outside, by deleting the Job and not its pod", "Orphan"],
  ] as const)(
    "from outside, %s: what was said is judged, and who is to blame is said",
    async (_, propagationPolicy) => {
      const run = startRun(place, { agent: SAVES });
      await run.said("ready");
      const labelSelector = `${LABELS.runId}=${run.runId}`;
      const [job] = (await place.admin.list(jobs, place.namespace, { labelSelector })).items;
      await place.admin.delete(jobs, place.namespace, job?.metadata.name ?? "", { propagationPolicy });
      if (propagationPolicy === "Orphan") {
        const [pod] = (await place.admin.list(pods, place.namespace, { labelSelector })).items;
        await place.admin.delete(pods, place.namespace, pod?.metadata.name ?? "");
      }
      const result = await run.result;
      expect(run.stdout()).toContain("saved");
      expect(result).toMatchObject({ errorCode: "k8s_job_deleted_externally", exitCode: 143, sessionId: SESSION });
      expect(result.errorMessage).toMatch(/the watch saw it deleted/);
      const orphaned = run.statuses.some((line) => line.endsWith(` secret/${job?.metadata.name}`));
      expect(orphaned).toBe(propagationPolicy === "Orphan");
      await place.admin.delete(secrets, place.namespace, job?.metadata.name ?? "");
      expect(await leftovers(place, run)).toEqual([]);
    },
  );

  it("after timeoutSec: the runner ends the agent, which keeps its session", async () => {
    const run = startRun(place, { agent: SAVES, config: { timeoutSec: 2 } });
    const result = await run.result;
    expect(run.stdout()).toContain("saved");
    expect(result).toMatchObject({ errorCode: "timeout", timedOut: true, sessionId: SESSION });
    expect(await leftovers(place, run)).toEqual([]);
  });
});
