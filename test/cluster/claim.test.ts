import { describe, expect, it } from "vitest";
import { jobs, pods } from "../../src/kubernetes/resource-types.ts";
import { LABELS } from "../../src/run/shared/names.ts";
import { variant } from "../support/variant.ts";
import { finished } from "./support/finished.ts";
import { jobManifestOf } from "./support/held-job.ts";
import { leftovers, objectsOf } from "./support/leftovers.ts";
import { loseRun } from "./support/lost-run.ts";
import type { Place } from "./support/place.ts";
import { freshId, INIT, RESULT, SESSION, startRun } from "./support/run.ts";
import { usePlace } from "./support/use-place.ts";

let place: Place;
usePlace((opened) => {
  place = opened;
});

const WORKS = `trap 'exit 143' TERM; cat >/dev/null; ${INIT}; echo ready; while :; do sleep 0.1; done`;
const QUICK = `cat >/dev/null; ${INIT}; ${RESULT}`;

describe("an agent with several tasks", () => {
  it("works on eight of them side by side", async () => {
    const agentId = `agent-${freshId()}`;
    const runs = Array.from({ length: 8 }, (_, index) =>
      startRun(place, { agent: WORKS, agentId, wake: { taskId: `task-${index}` } }),
    );
    // All work at the same time: none ends before it is told to.
    await Promise.all(runs.map((run) => run.said("ready")));
    for (const run of runs) {
      expect(run.events.map(({ eventType }) => eventType)).not.toContain("k8s.run.waiting");
      run.cancel();
    }
    for (const run of runs) expect((await run.result).errorCode).toBe("cancelled");
    expect(await leftovers(place, { agentId })).toEqual([]);
  }, 120_000);

  variant(
    "ends eight of them with their results",
    async () => {
      const agentId = `agent-${freshId()}`;
      const runs = Array.from({ length: 8 }, (_, index) =>
        startRun(place, { agent: QUICK, agentId, wake: { taskId: `task-${index}` } }),
      );
      for (const run of runs) expect(await run.result).toMatchObject({ exitCode: 0, errorCode: null, costUsd: 0.25 });
      expect(await leftovers(place, { agentId })).toEqual([]);
    },
    120_000,
  );
});

describe("one living Job for an agent and a task", () => {
  it("a second wake while the first run is alive waits, says for what, and goes on by itself", async () => {
    const first = startRun(place, { agent: WORKS });
    await first.said("ready");
    const second = startRun(place, { agent: QUICK, agentId: first.agentId });
    const { message, payload } = await second.event("k8s.run.waiting");
    expect(message).toMatch(/^Waiting: Run run-\w+ \(running\) still uses Job ac-.* \(since 20\d\d-/);
    expect(payload).toMatchObject({
      runId: first.runId,
      job: expect.stringMatching(/^ac-/),
      since: expect.any(String),
    });
    expect(await objectsOf(place, { runId: second.runId })).toEqual([]);
    first.cancel();
    expect((await first.result).errorCode).toBe("cancelled");
    expect(await second.result).toMatchObject({ exitCode: 0, errorCode: null });
    expect(second.statuses.join("\n")).toContain(`Waiting: Run ${first.runId} (running) still uses Job`);
    expect(await leftovers(place, first)).toEqual([]);
  });

  it("a run that waits obeys Stop at once, and leaves nothing", async () => {
    const first = startRun(place, { agent: WORKS });
    await first.said("ready");
    const second = startRun(place, { agent: QUICK, agentId: first.agentId });
    await second.event("k8s.run.waiting");
    const asked = performance.now();
    second.cancel();
    expect(await second.result).toMatchObject({
      errorCode: "cancelled",
      resultJson: { executionCancellation: { state: "acknowledged" } },
    });
    expect(performance.now() - asked).toBeLessThan(5000);
    expect(await objectsOf(place, { runId: second.runId })).toEqual([]);
    first.cancel();
    await first.result;
  });

  it("runs without a task share one", async () => {
    const wake = { taskId: null };
    const first = startRun(place, { agent: WORKS, wake });
    await first.said("ready");
    const second = startRun(place, { agent: QUICK, agentId: first.agentId, wake });
    await second.event("k8s.run.waiting");
    first.cancel();
    expect(await second.result).toMatchObject({ exitCode: 0, errorCode: null });
  });

  it("is refused when nobody can be asked whether the other run is alive", async () => {
    const first = startRun(place, { agent: WORKS });
    await first.said("ready");
    const dependencies = { paperclipUrl: () => null };
    const refused = await startRun(place, { agent: QUICK, agentId: first.agentId, dependencies }).result;
    expect(refused.errorCode).toBe("k8s_concurrency_guard_unreachable");
    expect(refused.errorMessage).toContain(first.runId);
    first.cancel();
    await first.result;
  });

  it("waits for a Paperclip that does not answer, and says so, then goes on by its word", async () => {
    const first = startRun(place, { agent: WORKS });
    await first.said("ready");
    place.paperclip.failWith(503);
    const second = startRun(place, { agent: QUICK, agentId: first.agentId });
    const { message } = await second.event("k8s.run.waiting");
    expect(message).toContain(`Paperclip does not answer whether its run ${first.runId} is over: `);
    expect(message).toContain("503");
    place.paperclip.failWith(null);
    place.paperclip.set(first.runId, "failed");
    expect((await second.event("k8s.job.adopted")).message).toContain(first.runId);
    second.cancel();
    await Promise.all([first.result, second.result]);
  });

  it("does no task twice while Paperclip does not answer whether the finished Job's run is over", async () => {
    const agent = `cat >/dev/null; ${INIT}; echo first; ${RESULT}`;
    const lost = await loseRun(place, { agent, after: "first" });
    await finished(place, lost.agentId);
    place.paperclip.failWith(503);
    const run = startRun(place, { agent: QUICK, agentId: lost.agentId });
    const { message } = await run.event("k8s.run.waiting");
    expect(message).toContain("has finished, and Paperclip does not answer");
    place.paperclip.failWith(null);
    expect(await run.result).toMatchObject({ exitCode: 0, errorCode: null });
    expect(run.stdout()).toContain("first");
    expect(await leftovers(place, run)).toEqual([]);
  });

  it("33: is refused when the agent's Jobs cannot be listed", async ({ skip }) => {
    if (!place.devcluster) return skip("faults are the devcluster's");
    const fault = place.devcluster.faults.add({
      match: { method: "GET", path: /\/jobs$/ },
      action: { kind: "respond", code: 503, retryAfter: 100 },
    });
    const run = startRun(place, { agent: QUICK });
    const result = await run.result;
    fault.remove();
    expect(result.errorCode).toBe("k8s_concurrency_guard_unreachable");
    expect(await objectsOf(place, run)).toEqual([]);
  });

  it("other agents are not held up", async () => {
    const wakes = [{ taskId: "one" }, { taskId: "two" }];
    const runs = wakes.map((wake) => startRun(place, { agent: QUICK, wake }));
    expect(await Promise.all(runs.map(({ result }) => result))).toMatchObject([
      { errorCode: null },
      { errorCode: null },
    ]);
  });

  it("34: a Job that is being deleted does not block", async () => {
    const agentId = `agent-${freshId()}`;
    const leaving = await place.admin.create(
      jobs,
      place.namespace,
      jobManifestOf(place, { agentId, runId: "gone", finalizers: ["example.com/hold"], suspend: false }),
    );
    await place.admin.delete(jobs, place.namespace, leaving.metadata.name);
    const run = startRun(place, { agent: QUICK, agentId });
    expect(await run.result).toMatchObject({ errorCode: null, exitCode: 0 });
    await place.admin.patch(jobs, place.namespace, leaving.metadata.name, { metadata: { finalizers: null } });
  });
});

describe("a home that only one pod may use", () => {
  it("makes the agent's second task wait for the first one's pod, with that reason, and not fail", async ({ skip }) => {
    if (!place.devcluster) return skip("whether there is such storage is the cluster's");
    place.devcluster.store.create("persistentvolumeclaims", {
      metadata: { name: "one-pod", namespace: place.namespace },
      spec: { accessModes: ["ReadWriteOncePod"], resources: { requests: { storage: "1Gi" } } },
    });
    const config = { homeClaim: "one-pod" };
    const first = startRun(place, { agent: WORKS, wake: { taskId: "one" }, config });
    await first.said("ready");
    const second = startRun(place, { agent: QUICK, agentId: first.agentId, wake: { taskId: "two" }, config });
    const { payload } = await second.event("k8s.pod.unscheduled", /ReadWriteOncePod/);
    expect(payload).toMatchObject({ fix: expect.stringMatching(/Wait until the other pod ends.*ReadWriteMany/) });
    first.cancel();
    expect((await first.result).errorCode).toBe("cancelled");
    expect(await second.result).toMatchObject({ exitCode: 0, errorCode: null });
  });
});

describe("one agent in a session", () => {
  const session = "99999999-2222-4333-8444-555555555555";

  variant("also between two tasks: the second waits for the first one's end", async () => {
    const home = { config: { homeClaim: "shared" } };
    const first = startRun(place, { agent: WORKS, wake: { taskId: "one" }, context: resumes(session), ...home });
    const [job] = await untilJobs(first.agentId);
    expect(job?.metadata.labels?.[LABELS.sessionId]).toBe(session);
    const second = startRun(place, {
      agent: QUICK,
      agentId: first.agentId,
      wake: { taskId: "two" },
      context: resumes(session),
      ...home,
    });
    expect((await second.event("k8s.run.waiting")).message).toContain(`uses session ${session}`);
    first.cancel();
    second.cancel();
    await Promise.all([first.result, second.result]);
  });

  it("that was fresh is shown by the Job before any result names it", async () => {
    const first = startRun(place, { agent: WORKS, wake: { taskId: "one" } });
    await first.said("ready");
    first.cancel("Legacy controller lease lost");
    expect(await first.result).toMatchObject({ errorCode: "k8s_controller_detached", sessionId: SESSION });
    const [job] = await untilJobs(first.agentId);
    expect(job?.metadata.labels?.[LABELS.sessionId]).toBe(SESSION);
    const second = startRun(place, {
      agent: QUICK,
      agentId: first.agentId,
      wake: { taskId: null },
      context: resumes(SESSION),
      config: { homeClaim: "shared" },
    });
    expect((await second.event("k8s.run.waiting")).message).toContain(`uses session ${SESSION}`);
    second.cancel();
    await second.result;
    const heir = startRun(place, { agent: QUICK, agentId: first.agentId, wake: { taskId: "one" } });
    await heir.said("ready");
    heir.cancel();
    await heir.result;
  });

  /** Its claim does not exist, so its pod waits: enough to hold the session. */
  const resumes = (sessionId: string) => ({
    runtime: { sessionId, sessionParams: { sessionId }, sessionDisplayId: sessionId, taskKey: null },
  });

  async function untilJobs(agentId: string) {
    for (;;) {
      const labelSelector = `${LABELS.agentId}=${agentId}`;
      const { items } = await place.admin.list(jobs, place.namespace, { labelSelector });
      if (items.some(({ spec }) => !spec?.suspend)) return items;
      await place.admin.clock.sleep(50);
    }
  }
});

describe("kubectl delete job, then the task's next run", () => {
  it("13: waits until the pod of the deleted Job has saved its session", async () => {
    const saves = `trap 'sleep 2; echo saved; exit 143' TERM; cat >/dev/null; ${INIT}; echo ready; while :; do sleep 0.1; done`;
    const first = startRun(place, { agent: saves, config: { graceSec: 30 } });
    await first.said("ready");
    const labelSelector = `${LABELS.agentId}=${first.agentId}`;
    const [job] = (await place.admin.list(jobs, place.namespace, { labelSelector })).items;
    await place.admin.delete(jobs, place.namespace, job?.metadata.name ?? "");
    const second = startRun(place, { agent: QUICK, agentId: first.agentId });
    expect((await second.event("k8s.run.waiting")).message).toMatch(/was deleted, and its pod ac-\S+ is ending/);
    await second.event("k8s.job.created");
    const living = (await place.admin.list(pods, place.namespace, { labelSelector })).items.filter(
      ({ metadata, status }) => metadata.labels?.[LABELS.runId] === first.runId && status?.phase === "Running",
    );
    expect(living).toEqual([]);
    expect(await second.result).toMatchObject({ exitCode: 0, errorCode: null });
    expect((await first.result).errorCode).toBe("k8s_job_deleted_externally");
    expect(await leftovers(place, first)).toEqual([]);
  });
});

describe("a task that was given to another agent", () => {
  const wake = () => ({ taskId: `task-${freshId()}` });

  it("16: while its run was lost: the first agent is stopped before the second one starts", async () => {
    const task = wake();
    const saves = `trap 'sleep 1; echo saved; exit 143' TERM; cat >/dev/null; ${INIT}; echo ready; while :; do sleep 0.1; done`;
    const lost = startRun(place, { agent: saves, wake: task });
    await lost.said("ready");
    place.paperclip.set(lost.runId, "failed");
    const agentId = `agent-${freshId()}`;
    place.paperclip.assign(task.taskId, agentId);
    const second = startRun(place, { agent: QUICK, agentId, wake: task });
    await second.event("k8s.job.created");
    expect(lost.stdout()).toContain("saved");
    expect(second.statuses.join("\n")).toMatch(/Stopping Job .* its task belongs to another agent now/);
    expect(await second.result).toMatchObject({ exitCode: 0, errorCode: null });
    await lost.result;
    expect(await leftovers(place, lost)).toEqual([]);
  });

  variant("or still belongs to the first: that one is not touched", async () => {
    const task = wake();
    const lost = startRun(place, { agent: WORKS, wake: task });
    await lost.said("ready");
    place.paperclip.set(lost.runId, "failed");
    place.paperclip.assign(task.taskId, lost.agentId);
    const second = startRun(place, { agent: QUICK, wake: task });
    expect(await second.result).toMatchObject({ exitCode: 0, errorCode: null });
    expect(second.statuses.join("\n")).not.toMatch(/Stopping|Waiting/);
    lost.cancel();
    expect((await lost.result).errorCode).toBe("cancelled");
  });
});

describe("a Job that was created and never unsuspended", () => {
  it("of a run that is over is removed, with its Secret, and never started", async () => {
    const agentId = `agent-${freshId()}`;
    const dead = `run-${freshId()}`;
    place.paperclip.set(dead, "failed");
    await place.admin.create(jobs, place.namespace, jobManifestOf(place, { agentId, runId: dead }));
    const run = startRun(place, { agent: QUICK, agentId });
    expect(await run.result).toMatchObject({ errorCode: null, exitCode: 0 });
    expect(run.statuses.join("\n")).toMatch(/Removing Job .* its run is over, and nothing of it ever ran/);
    expect(await leftovers(place, { agentId })).toEqual([]);
  });

  it("of a living run is waited for: its process may be about to start it", async () => {
    const agentId = `agent-${freshId()}`;
    const other = `run-${freshId()}`;
    place.paperclip.set(other, "running");
    const candidate = await place.admin.create(jobs, place.namespace, jobManifestOf(place, { agentId, runId: other }));
    const run = startRun(place, { agent: QUICK, agentId });
    await run.event("k8s.run.waiting", new RegExp(other));
    await place.admin.delete(jobs, place.namespace, candidate.metadata.name);
    expect(await run.result).toMatchObject({ errorCode: null, exitCode: 0 });
    expect(await leftovers(place, { agentId })).toEqual([]);
  });
});
