import { describe, expect, it } from "vitest";
import { ClusterRegistry } from "../../src/kubernetes/cluster-registry.ts";
import { jobs, secrets } from "../../src/kubernetes/resource-types.ts";
import { adopt } from "../../src/run/claim/adopt.ts";
import { marking, ownRemoval, removalOnceEnded } from "../../src/run/conclude/clean-up.ts";
import { createObservedRun } from "../../src/run/observe/observed-run.ts";
import { jobInCluster } from "../../src/run/shared/launched-run.ts";
import { ANNOTATIONS, LABELS } from "../../src/run/shared/names.ts";
import { suspendPatch } from "../../src/run/stop/stop.ts";
import { stopJob } from "../../src/run/stop/stop-job.ts";
import { eventually } from "../kubernetes/support/eventually.ts";
import { RUN } from "../run/support/evidence.ts";
import { variant } from "../support/variant.ts";
import { startAdapterProcess } from "./support/adapter-process.ts";
import { freshId } from "./support/context.ts";
import { finished } from "./support/finished.ts";
import { LeapingClock, pass } from "./support/leaping-clock.ts";
import { leftovers, objectsOf } from "./support/leftovers.ts";
import { type Losing, type LostRun, loseRun } from "./support/lost-run.ts";
import type { Place } from "./support/place.ts";
import { INIT, RESULT, SESSION, startRun } from "./support/run.ts";
import { usePlace } from "./support/use-place.ts";

let place: Place;
usePlace((opened) => {
  place = opened;
});

/** Works until somebody lets it finish: `finish` deletes nothing, it only ends the waiting. */
const WORKS = `trap 'echo saved; exit 143' TERM; cat >/dev/null; ${INIT}; echo first; i=0; while [ $i -lt 15 ]; do sleep 0.1; i=$((i+1)); done; echo second; ${RESULT}`;
const STAYS = `trap 'echo saved; exit 143' TERM; cat >/dev/null; ${INIT}; echo first; while :; do sleep 0.1; done`;
const QUICK = `cat >/dev/null; ${INIT}; echo first; echo second; ${RESULT}`;
const FRESH = `cat >/dev/null; ${INIT}; echo fresh; ${RESULT}`;

/** Its process is killed while its agent works; then Paperclip says `status` of it. */
const orphan = (agent: string, more: Partial<Losing> = {}): Promise<LostRun> =>
  loseRun(place, { agent, after: "first", ...more });

const jobsOf = async ({ agentId }: { agentId: string }) =>
  (await place.admin.list(jobs, place.namespace, { labelSelector: `${LABELS.agentId}=${agentId}` })).items;

describe("the Job of a run that lost its process", () => {
  it("36, 38: still running, is taken over with its whole transcript, its session and its bill", async () => {
    const { runId, agentId } = await orphan(WORKS);
    const run = startRun(place, { agent: FRESH, agentId });
    const event = await run.event("k8s.job.adopted");
    expect(event.message).toContain(runId);
    const [job] = await jobsOf({ agentId });
    expect(job?.metadata.labels?.[LABELS.runId]).toBe(run.runId);
    expect(job?.metadata.annotations?.[ANNOTATIONS.runId]).toBe(run.runId);
    expect(await run.result).toMatchObject({
      exitCode: 0,
      errorCode: null,
      sessionId: SESSION,
      costUsd: 0.25,
      resultJson: { verdict: "completed", transcript: { complete: true, lines: 4 } },
    });
    expect(run.stdout().split("\n").slice(1, 3)).toEqual(["first", "second"]);
    expect(await leftovers(place, { agentId })).toEqual([]);
  });

  it("already finished and uncollected, is reported by the next run of its task, once", async () => {
    const { agentId } = await orphan(QUICK);
    await finished(place, agentId);
    const run = startRun(place, { agent: FRESH, agentId });
    expect(await run.result).toMatchObject({ exitCode: 0, sessionId: SESSION, costUsd: 0.25 });
    expect(run.stdout()).toContain("second");
    expect(run.stdout()).not.toContain("fresh");
    expect(await leftovers(place, { agentId })).toEqual([]);
    const next = startRun(place, { agent: FRESH, agentId });
    expect(await next.result).toMatchObject({ exitCode: 0 });
    expect(next.stdout()).toContain("fresh");
  });

  it("is stopped by a Stop of the run that took it over, and saves its session", async () => {
    const { agentId } = await orphan(STAYS);
    const run = startRun(place, { agent: FRESH, agentId });
    await run.said("first");
    run.cancel();
    expect(await run.result).toMatchObject({
      errorCode: "cancelled",
      sessionId: SESSION,
      resultJson: { executionCancellation: { state: "acknowledged" } },
    });
    expect(run.stdout()).toContain("saved");
    expect(await leftovers(place, { agentId })).toEqual([]);
  });

  variant("of a run that the new one continues, is taken over whatever its task", async () => {
    const { runId, agentId } = await orphan(WORKS, { wake: { taskId: "another-task" }, status: "running" });
    const run = startRun(place, { agent: FRESH, agentId, wake: { retryOfRunId: runId } });
    expect(await run.result).toMatchObject({ exitCode: 0, costUsd: 0.25 });
    expect(run.stdout()).toContain("second");
    expect(await leftovers(place, { agentId })).toEqual([]);
  });

  it("37: of another task goes on beside the new run, and is not touched", async () => {
    const { runId, agentId } = await orphan(STAYS, { wake: { taskId: "another-task" } });
    const [before] = await jobsOf({ agentId });
    const run = startRun(place, { agent: FRESH, agentId });
    expect(await run.result).toMatchObject({ exitCode: 0, errorCode: null });
    expect(run.stdout()).toContain("fresh");
    const [after] = await jobsOf({ agentId });
    // Its status is the Job controller's.
    expect([after?.metadata.annotations, after?.metadata.labels, after?.spec]).toEqual([
      before?.metadata.annotations,
      before?.metadata.labels,
      before?.spec,
    ]);
    const successor = startRun(place, { agent: FRESH, agentId, wake: { previousRunId: runId } });
    await successor.said("first");
    successor.cancel();
    await successor.result;
  });

  it("39: with reattachOrphanedJobs off it blocks, and is not touched", async () => {
    const { agentId } = await orphan(STAYS);
    const run = startRun(place, { agent: FRESH, agentId, config: { reattachOrphanedJobs: false } });
    const result = await run.result;
    expect(result.errorCode).toBe("k8s_concurrent_run_blocked");
    expect(result.errorMessage).toMatch(/reattachOrphanedJobs/);
    const [job] = await jobsOf({ agentId });
    expect(job?.spec?.suspend).toBe(false);
    await place.admin.delete(jobs, place.namespace, job?.metadata.name ?? "");
  });

  it("whose run was cancelled meanwhile is stopped, not taken over", async () => {
    const { agentId } = await orphan(STAYS, { status: "cancelled" });
    const run = startRun(place, { agent: FRESH, agentId });
    expect(await run.result).toMatchObject({ exitCode: 0 });
    expect(run.stdout()).toContain("fresh");
    expect(run.stdout()).not.toContain("first");
    expect(run.statuses.join("\n")).toMatch(/Stopping Job .* its run was cancelled/);
    expect(await leftovers(place, { agentId })).toEqual([]);
  });

  variant("and was stopped by it before, is waited for: its agent may still be saving its session", async () => {
    const slow = `trap 'sleep 2; echo saved; exit 143' TERM; cat >/dev/null; ${INIT}; echo first; while :; do sleep 0.1; done`;
    const { runId, agentId } = await orphan(slow, { status: "cancelled" });
    const [job] = await jobsOf({ agentId });
    if (!job) throw new Error("no Job");
    await place.admin.patch(jobs, place.namespace, job.metadata.name, suspendPatch(job, "cancelled"));
    const run = startRun(place, { agent: FRESH, agentId });
    await run.event("k8s.job.created");
    expect(await objectsOf(place, { runId })).toEqual([]);
    expect(await run.result).toMatchObject({ exitCode: 0 });
    expect(await leftovers(place, { agentId })).toEqual([]);
  });

  variant("without a task is adopted by the agent's next run without one", async () => {
    const { runId, agentId } = await orphan(WORKS, { wake: { taskId: null } });
    const run = startRun(place, { agent: FRESH, agentId, wake: { taskId: null } });
    expect((await run.event("k8s.job.adopted")).message).toContain(runId);
    expect(await run.result).toMatchObject({ exitCode: 0, costUsd: 0.25 });
    expect(await leftovers(place, { agentId })).toEqual([]);
  });

  it("of the version before this one is recognised by its labels and annotations", async () => {
    const { runId, agentId } = await orphan(WORKS);
    const [job] = await jobsOf({ agentId });
    // What that version did not write.
    const later = { [ANNOTATIONS.tokenHash]: null, [ANNOTATIONS.signature]: null };
    const metadata = { labels: { [LABELS.instance]: null }, annotations: later };
    const plain = await place.admin.patch(jobs, place.namespace, job?.metadata.name ?? "", { metadata });
    const known = [...Object.values(LABELS), "job-name", "controller-uid"];
    expect(Object.keys(plain.metadata.labels ?? {}).filter((key) => !known.includes(key as never))).toEqual([]);
    const annotations = ["adapter-type", "agent-name", "run-id", "task-id", "terms", "started"];
    expect(Object.keys(plain.metadata.annotations ?? {}).toSorted()).toEqual(
      annotations.map((name) => `paperclip.io/${name}`).toSorted(),
    );
    const run = startRun(place, { agent: FRESH, agentId });
    expect((await run.event("k8s.job.adopted")).message).toContain(runId);
    expect(await run.result).toMatchObject({ exitCode: 0, sessionId: SESSION });
  });

  it("goes to the right task of five that were lost at once, in one process", async () => {
    const tasks = ["t1", "t2", "t3", "t4", "t5"];
    const { kubeconfig, namespace, image, paperclip } = place;
    const agentId = `agent-${freshId()}`;
    const process = await startAdapterProcess();
    const lost = tasks.map((taskId) => ({ taskId, runId: `run-${taskId}-${freshId()}` }));
    for (const { taskId, runId } of lost) {
      paperclip.set(runId, "running");
      const agent = `trap 'exit 143' TERM; cat >/dev/null; ${INIT}; echo "first of ${taskId}"; while :; do sleep 0.2; done`;
      const settings = { kubeconfig, namespace, image, runId, agentId, agent, config: {}, wake: { taskId } };
      process.execute(settings, paperclip.url).catch(() => "killed, as it should be");
    }
    await Promise.all(lost.map(({ taskId, runId }) => process.said(runId, `first of ${taskId}`)));
    await process.kill("SIGKILL");
    for (const { runId } of lost) paperclip.set(runId, "failed");
    const heirs = tasks.map((taskId) => startRun(place, { agent: FRESH, agentId, wake: { taskId } }));
    for (const [index, run] of heirs.entries()) {
      expect((await run.event("k8s.job.adopted")).message).toContain(lost[index]?.runId);
      await run.said(`first of ${tasks[index]}`);
    }
    for (const run of heirs) {
      run.cancel();
      expect(await run.result).toMatchObject({ errorCode: "cancelled", sessionId: SESSION });
    }
    expect(await leftovers(place, { agentId })).toEqual([]);
  }, 120_000);

  variant("8: is adopted with token and origin also when the answer to the adoption is lost", async ({ skip }) => {
    const { devcluster } = place;
    if (!devcluster) return skip("faults are the devcluster's");
    const { runId, agentId } = await orphan(STAYS);
    const [job] = await jobsOf({ agentId });
    const name = job?.metadata.name ?? "";
    const match = { method: "PATCH", path: new RegExp(`/jobs/${name}$`) };
    const fault = devcluster.faults.add({ match, action: { kind: "drop", when: "after" }, count: 1 });
    const run = startRun(place, { agent: FRESH, agentId });
    expect((await run.event("k8s.job.adopted")).message).toContain(runId);
    expect(fault.hits).toBe(1);
    expect(await place.admin.find(secrets, place.namespace, `${name}-token-1`)).toBeDefined();
    run.cancel();
    await run.result;
  });

  it("may be alive where nobody knows whether it was adopted: the run does not say that nothing was begun", async ({
    skip,
  }) => {
    const { devcluster } = place;
    if (!devcluster) return skip("faults are the devcluster's");
    const { runId, agentId } = await orphan(STAYS);
    const [job] = await jobsOf({ agentId });
    const name = job?.metadata.name ?? "";
    const match = { method: "PATCH", path: new RegExp(`/jobs/${name}$`) };
    const fault = devcluster.faults.add({ match, action: { kind: "drop", when: "after" } });
    const lost = devcluster.faults.add({
      match: { method: "GET", path: new RegExp(`/jobs/${name}$`) },
      action: { kind: "respond", code: 500 },
    });
    // Nobody waits for the attempts to end.
    const clock = new LeapingClock();
    const clusters = new ClusterRegistry({ clock });
    const started = startRun(place, { agent: FRESH, agentId, dependencies: { clusters } });
    await eventually(() => fault.hits > 0, "the adoption", 10_000);
    await pass(clock, 3);
    const result = await started.result;
    expect(result.errorCode).toBe("k8s_concurrency_guard_unreachable");
    expect(result.errorMessage).toContain("may still be alive");
    expect(result.executionRecovery).toBeUndefined();
    fault.remove();
    lost.remove();
    const run = startRun(place, { agent: FRESH, agentId, wake: { previousRunId: runId } });
    await run.event("k8s.job.adopted");
    run.cancel();
    await run.result;
  });

  variant("gives its agent the token also when the process died after the adoption", async () => {
    const { runId, agentId } = await orphan(STAYS);
    const [job] = await jobsOf({ agentId });
    if (!job) throw new Error("no Job");
    const heir = `run-${freshId()}`;
    await adopt(place.admin, place.namespace, job, { runId: heir, taskId: "task-1" }, new AbortController().signal);
    const run = startRun(place, { agent: FRESH, agentId, runId: heir });
    expect((await run.event("k8s.job.adopted")).message).toContain(runId);
    expect(await place.admin.find(secrets, place.namespace, `${job.metadata.name}-token-1`)).toBeDefined();
    run.cancel();
    await run.result;
  });

  it("goes to one of two runs that want it at once", async () => {
    const { agentId } = await orphan(WORKS);
    const runs = [startRun(place, { agent: FRESH, agentId }), startRun(place, { agent: FRESH, agentId })];
    const codes = (await Promise.all(runs.map(({ result }) => result))).map(({ errorCode }) => errorCode);
    // The other one waits for it, and then does its own work.
    expect(codes).toEqual([null, null]);
    expect(runs.filter((run) => run.stdout().includes("second"))).toHaveLength(1);
    expect(runs.filter((run) => run.stdout().includes("fresh"))).toHaveLength(1);
    expect(await leftovers(place, { agentId })).toEqual([]);
  });
});

describe("a Job that is kept", () => {
  it("after its outcome was reported does not block the next run, and is not reported again", async () => {
    const agentId = `agent-${freshId()}`;
    const first = startRun(place, { agent: QUICK, agentId, config: { retainJobs: true } });
    expect(await first.result).toMatchObject({ exitCode: 0, costUsd: 0.25 });
    const [kept] = await jobsOf({ agentId });
    expect(kept?.metadata.annotations?.[ANNOTATIONS.collected]).toBe(first.runId);
    const second = startRun(place, { agent: FRESH, agentId, wake: { retryOfRunId: first.runId } });
    expect(await second.result).toMatchObject({ exitCode: 0 });
    expect(second.stdout()).toContain("fresh");
    await place.admin.delete(jobs, place.namespace, kept?.metadata.name ?? "");
    expect(await leftovers(place, { agentId })).toEqual([]);
  });
});

describe("the run that a Job was taken from", () => {
  it("neither stops nor marks nor removes it, though it has not seen that yet", async () => {
    const { runId, agentId } = await orphan(STAYS);
    const [job] = await jobsOf({ agentId });
    if (!job) throw new Error("no Job");
    const { admin, namespace } = place;
    const { signal } = new AbortController();
    await adopt(admin, namespace, job, { runId: `run-${freshId()}`, taskId: "task-1" }, signal);
    // As a process that was frozen at that moment sees it.
    const observed = createObservedRun(RUN);
    observed.add({ kind: "job", job, deleted: false, at: 0 });
    const before = jobInCluster(job);
    expect(await stopJob(admin, { job: before, runId }, "cancelled", observed, signal)).toBe("nothing-to-stop");
    const own = { job: before, runId, newest: () => null };
    for (const step of [marking, ownRemoval, removalOnceEnded])
      expect(await step(own)(admin)).toBe(step === removalOnceEnded ? "its pod has not ended" : null);
    const [after] = await jobsOf({ agentId });
    expect(after?.spec?.suspend).toBe(false);
    expect(after?.metadata.annotations).not.toHaveProperty([ANNOTATIONS.collected]);
    expect(observed.job?.metadata?.resourceVersion).toBe(after?.metadata.resourceVersion);
    await admin.delete(jobs, namespace, job.metadata.name);
  });

  variant("leaves it alone when it comes back to life", async () => {
    const agentId = `agent-${freshId()}`;
    const first = startRun(place, { agent: WORKS, agentId });
    await first.said("first");
    place.paperclip.set(first.runId, "interrupted");
    const second = startRun(place, { agent: FRESH, agentId });
    const left = await first.result;
    expect(left.errorCode).toBe("k8s_controller_detached");
    expect(left.errorMessage).toContain(second.runId);
    expect(await second.result).toMatchObject({ exitCode: 0, sessionId: SESSION });
    expect(second.stdout()).toContain("second");
    expect(await leftovers(place, { agentId })).toEqual([]);
  });
});
