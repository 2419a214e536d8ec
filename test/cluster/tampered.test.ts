/** What people and controllers do to the objects of a run while it goes on, and clocks that disagree. */
import { CoreV1Api, KubeConfig } from "@kubernetes/client-node";
import { describe, expect, it } from "vitest";
import { ClusterRegistry } from "../../src/kubernetes/cluster-registry.ts";
import { jobs, pods, secrets } from "../../src/kubernetes/resource-types.ts";
import { LABELS } from "../../src/run/shared/names.ts";
import { LeapingClock } from "./support/leaping-clock.ts";
import { leftovers, objectsOf } from "./support/leftovers.ts";
import type { Place } from "./support/place.ts";
import { INIT, RESULT, SESSION, startRun, type TestRun } from "./support/run.ts";
import { usePlace } from "./support/use-place.ts";

let place: Place;
usePlace((opened) => {
  place = opened;
});

const SAVES = `trap 'echo saved; exit 143' TERM; cat >/dev/null; ${INIT}; echo ready; while :; do sleep 0.1; done`;

async function jobOf(run: TestRun, where = place) {
  const labelSelector = `${LABELS.runId}=${run.runId}`;
  const [job] = (await place.admin.list(jobs, where.namespace, { labelSelector })).items;
  if (!job) throw new Error("the run has no Job");
  return job.metadata.name;
}

describe("the Job of a running agent", () => {
  it("that an operator suspends: the run says so, and keeps its session", async () => {
    const run = startRun(place, { agent: SAVES });
    await run.said("ready");
    await place.admin.patch(jobs, place.namespace, await jobOf(run), { spec: { suspend: true } });
    const result = await run.result;
    expect(result).toMatchObject({ errorCode: "k8s_job_suspended", exitCode: 143, sessionId: SESSION });
    expect(run.stdout()).toContain("saved");
    expect(await leftovers(place, run)).toEqual([]);
  });

  it("that is suspended and resumed at once: no second agent goes on with its work", async () => {
    const run = startRun(place, { agent: SAVES });
    await run.said("ready");
    const name = await jobOf(run);
    await place.admin.patch(jobs, place.namespace, name, { spec: { suspend: true } });
    await place.admin.patch(jobs, place.namespace, name, { spec: { suspend: false } });
    const result = await run.result;
    expect(result.errorCode, result.errorMessage ?? "").toMatch(/^k8s_(job_suspended|pod_deleted_externally)$/);
    expect(result).toMatchObject({ exitCode: 143, sessionId: SESSION });
    expect(await leftovers(place, run)).toEqual([]);
  });

  it("that is scaled to nothing: its pod was deleted, and not by Paperclip", async () => {
    const run = startRun(place, { agent: SAVES });
    await run.said("ready");
    await place.admin.patch(jobs, place.namespace, await jobOf(run), { spec: { parallelism: 0 } });
    const result = await run.result;
    expect(result).toMatchObject({ errorCode: "k8s_pod_deleted_externally", exitCode: 143, sessionId: SESSION });
    expect(await leftovers(place, run)).toEqual([]);
  });

  it("that is scaled up: there is one agent all the same", async () => {
    const run = startRun(place, { agent: `cat >/dev/null; ${INIT}; echo ready; sleep 2; ${RESULT}` });
    await run.said("ready");
    await place.admin.patch(jobs, place.namespace, await jobOf(run), { spec: { parallelism: 3 } });
    expect((await objectsOf(place, run)).filter((name) => name.startsWith("Pod"))).toHaveLength(1);
    expect(await run.result).toMatchObject({ exitCode: 0, errorCode: null });
    expect(await leftovers(place, run)).toEqual([]);
  });
});

it("a Secret that is deleted while its agent works changes nothing", async () => {
  const run = startRun(place, { agent: `cat >/dev/null; ${INIT}; echo ready; sleep 1; ${RESULT}` });
  await run.said("ready");
  await place.admin.delete(secrets, place.namespace, await jobOf(run));
  expect(await run.result).toMatchObject({ exitCode: 0, errorCode: null, sessionId: SESSION });
  expect(await leftovers(place, run)).toEqual([]);
});

it("a namespace that is deleted takes the run with it, which says so", async () => {
  const apart = await place.apart();
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromFile(place.adminKubeconfig);
  const run = startRun(apart, { agent: SAVES });
  await run.said("ready");
  await kubeConfig.makeApiClient(CoreV1Api).deleteNamespace({ name: apart.namespace });
  const result = await run.result;
  // Which of the two goes first, the cluster decides.
  expect(result, result.errorMessage ?? "").toMatchObject({
    errorCode: expect.stringMatching(/^k8s_(?:job|pod)_deleted_externally$/),
    sessionId: SESSION,
  });
  expect(await leftovers(apart, run)).toEqual([]);
});

describe.each([
  ["an hour ahead of", 3_600_000],
  ["an hour behind", -3_600_000],
])("Paperclip's clock %s the cluster's", (_, skewMs) => {
  const skewed = () => {
    const clock = new LeapingClock();
    clock.leap(skewMs);
    return { clusters: new ClusterRegistry({ clock }) };
  };

  it("a run ends with its result", async () => {
    const agent = `cat >/dev/null; ${INIT}; sleep 1; ${RESULT}`;
    const run = startRun(place, { agent, config: { timeoutSec: 60 }, dependencies: skewed() });
    const result = await run.result;
    expect(result, result.errorMessage ?? "").toMatchObject({ exitCode: 0, errorCode: null, sessionId: SESSION });
    expect(result.resultJson?.transcript).toMatchObject({ complete: true, lines: 2 });
    expect(await leftovers(place, run)).toEqual([]);
  });

  it("a stopped run ends with its agent, slow as that may be", async () => {
    const agent = `trap 'sleep 3; echo saved; exit 143' TERM; cat >/dev/null; ${INIT}; echo ready; while :; do sleep 0.1; done`;
    const run = startRun(place, { agent, config: { graceSec: 10 }, dependencies: skewed() });
    await run.said("ready");
    run.cancel();
    const result = await run.result;
    expect(result, result.errorMessage ?? "").toMatchObject({
      ...{ errorCode: "cancelled", exitCode: 143 },
      resultJson: { executionCancellation: { state: "acknowledged" } },
    });
    expect(run.stdout()).toContain("saved");
    expect(await leftovers(place, run)).toEqual([]);
  });

  it("a pod that somebody deletes has its grace", async () => {
    const agent = `trap 'sleep 3; echo saved; exit 143' TERM; cat >/dev/null; ${INIT}; echo ready; while :; do sleep 0.1; done`;
    const run = startRun(place, { agent, config: { graceSec: 10 }, dependencies: skewed() });
    await run.said("ready");
    const labelSelector = `${LABELS.runId}=${run.runId}`;
    const [pod] = (await place.admin.list(pods, place.namespace, { labelSelector })).items;
    await place.admin.delete(pods, place.namespace, pod?.metadata.name ?? "");
    expect(await run.result).toMatchObject({ errorCode: "k8s_pod_deleted_externally", exitCode: 143 });
    expect(await leftovers(place, run)).toEqual([]);
  });
});
