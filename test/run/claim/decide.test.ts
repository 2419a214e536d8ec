import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { RunStatus } from "../../../src/paperclip/run-status.ts";
import type { Claimant } from "../../../src/run/claim/classify.ts";
import { type ClaimDecision, decideClaim, dependsOnAssignee, runsInQuestion } from "../../../src/run/claim/decide.ts";
import { cases } from "../../support/thoroughness.ts";
import { type JobSpec, jobOf, type PodSpec, podOf } from "./jobs.ts";

const me: Claimant = {
  agentId: "agent",
  runId: "me",
  taskId: "task",
  sessionId: null,
  predecessors: [],
  reattach: true,
  ownsTask: false,
};
const over = (status = "failed"): RunStatus => ({ kind: "over", status, reported: null });
const alive: RunStatus = { kind: "alive", status: "running" };
const unreadable: RunStatus = { kind: "unreadable", why: "503", denied: false };
const denied: RunStatus = { kind: "unreadable", why: "401", denied: true };
const notAsked: RunStatus = { kind: "unreadable", why: "no address", denied: false, notAsked: true };
const unknown: RunStatus = { kind: "unknown" };

/** The status is that of every other run. */
function decide(
  specs: readonly JobSpec[],
  status: RunStatus,
  claimant: Partial<Claimant> = {},
  podSpecs: readonly PodSpec[] = [],
): ClaimDecision {
  const jobs = specs.map((spec, index) => jobOf({ name: `job-${index}`, ...spec }));
  const pods = podSpecs.map((spec, index) => podOf({ name: `pod-${index}`, ...spec }));
  const asked = runsInQuestion({ ...me, ...claimant }, jobs);
  return decideClaim({ ...me, ...claimant }, { jobs, pods }, new Map(asked.map((id) => [id, status])));
}

/** What a decision does, in one word and the names it touches. */
function gist(decision: ClaimDecision): string {
  switch (decision.kind) {
    case "free":
      return decision.existing ? `go on with ${decision.existing.metadata?.name}` : "free";
    case "blocked":
      return decision.by.code;
    case "wait":
      return `wait for ${decision.wait.pod ?? decision.wait.job}`;
    case "remove":
      return decision.removals.map(({ job, how }) => `${how} ${job.metadata?.name}`).join(", ");
    case "ours":
    case "adopt":
      return `${decision.kind} ${decision.job.metadata?.name}`;
  }
}

describe("one Job of another run of the slot", () => {
  const table: [JobSpec["state"], RunStatus, string][] = [
    ["started", alive, "wait for job-0"],
    ["started", unreadable, "wait for job-0"],
    ["started", denied, "k8s_concurrency_guard_unreachable"],
    ["started", notAsked, "k8s_concurrency_guard_unreachable"],
    ["started", over(), "adopt job-0"],
    ["started", over("interrupted"), "adopt job-0"],
    ["started", unknown, "adopt job-0"],
    ["started", over("cancelled"), "stop job-0"],
    ["candidate", alive, "wait for job-0"],
    ["candidate", unreadable, "wait for job-0"],
    ["candidate", denied, "k8s_concurrency_guard_unreachable"],
    ["candidate", over(), "delete job-0"],
    ["candidate", unknown, "delete job-0"],
    ["stopped", alive, "wait for job-0"],
    ["stopped", unreadable, "free"],
    ["stopped", over(), "delete job-0"],
    // Its agent is still being ended.
    ["stopping", unreadable, "wait for job-0"],
    ["stopping", over(), "wait for job-0"],
    ["complete", alive, "free"],
    ["complete", unreadable, "wait for job-0"],
    // Nobody will ever know whether its outcome is on record, and nothing of it is alive.
    ["complete", denied, "free"],
    ["complete", notAsked, "free"],
    ["complete", over(), "adopt job-0"],
    ["failed", over(), "adopt job-0"],
    ["complete", over("cancelled"), "delete job-0"],
    ["collected", over(), "free"],
    ["leaving", alive, "free"],
  ];
  it.each(table)("%s, its run %j: %s", (state, status, expected) => {
    expect(gist(decide([{ state }], status))).toBe(expected);
    // Runs without a task share one slot.
    expect(gist(decide([{ state, taskId: null }], status, { taskId: null }))).toBe(expected);
  });

  it("is waited for while Paperclip does not answer: for two minutes, by whatever it fails, and then refused in its words", () => {
    const waits = ["503", "no answer within 10 s"].map((why) =>
      decide([{}], { kind: "unreadable", why, denied: false }),
    );
    expect(waits).toMatchObject([
      { kind: "wait", wait: { limit: { sec: 120, refusal: { transient: true } } } },
      { kind: "wait", wait: { detail: "no answer within 10 s" } },
    ]);
    const [one, other] = waits.map((decision) => (decision.kind === "wait" ? decision.wait : null));
    expect(one?.why).toBe(other?.why);
    expect(other?.limit?.refusal.why).toContain("no answer within 10 s");
  });

  it("names the living run, its Job, and since when it is alive", () => {
    const decision = decide([{ state: "started", runId: "run-7" }], alive);
    expect(decision).toMatchObject({
      wait: {
        why: expect.stringMatching(/^Run run-7 \(running\) still uses Job job-0 \(task task\)$/),
        runId: "run-7",
        since: "2026-01-01T00:00:00Z",
        limit: null,
      },
    });
  });
});

describe("Jobs of other slots", () => {
  it("of the same agent are no concern, whatever they are and whatever is known of them: nobody is asked", () => {
    const states: JobSpec["state"][] = ["started", "candidate", "stopping", "stopped", "complete", "failed"];
    const spec = fc.record({ state: fc.constantFrom(...states), taskId: fc.constantFrom("a", "b", null) });
    const status = fc.constantFrom(alive, unreadable, unknown, over(), over("cancelled"));
    fc.assert(
      fc.property(fc.array(spec), status, (specs, said) => {
        const jobs = specs.map((one, index) => jobOf({ name: `job-${index}`, runId: `run-${index}`, ...one }));
        expect(runsInQuestion(me, jobs)).toEqual([]);
        expect(decideClaim(me, { jobs, pods: [] }, new Map(jobs.map((_, index) => [`run-${index}`, said])))).toEqual({
          kind: "free",
          existing: null,
        });
      }),
    );
  });

  it("of another agent on a task that belongs to this one now: only one of the two is to work", () => {
    const mine = { ownsTask: true };
    const job = (state: JobSpec["state"]) => [{ state, agentId: "other" }] as const;
    expect(gist(decide(job("started"), over(), mine))).toBe("stop job-0");
    expect(gist(decide(job("stopping"), over(), mine))).toBe("wait for job-0");
    expect(gist(decide(job("stopped"), over(), mine))).toBe("free");
    expect(gist(decide(job("complete"), over(), mine))).toBe("free");
    expect(gist(decide(job("candidate"), over(), mine))).toBe("free");
    expect(gist(decide(job("started"), over(), { ...mine, reattach: false }))).toBe("k8s_concurrent_run_blocked");
    // Never adopted: it has another configuration, and another agent's token.
    expect(gist(decide(job("started"), over(), { ...mine, predecessors: ["run-1"] }))).toBe("stop job-0");
  });

  it("of another agent on the same task are Paperclip's decision without its plain word on both", () => {
    const job = [{ state: "started", agentId: "other" }] as const;
    expect(gist(decide(job, over()))).toBe("free");
    for (const status of [alive, unreadable, unknown])
      expect(gist(decide(job, status, { ownsTask: true }))).toBe("free");
  });

  it("make nobody ask whom a task belongs to, but for another agent's whose run is over", () => {
    const asks = (spec: JobSpec, status: RunStatus): boolean =>
      dependsOnAssignee(me, [jobOf(spec)], new Map([["run-1", status]]));
    expect(asks({ state: "started", agentId: "other" }, over())).toBe(true);
    expect(asks({ state: "started", agentId: "other" }, alive)).toBe(false);
    expect(asks({ state: "complete", agentId: "other" }, over())).toBe(false);
    expect(asks({ state: "started" }, over())).toBe(false);
    expect(asks({ state: "started", agentId: "other", taskId: "another" }, over())).toBe(false);
  });

  it("of another agent without a task are no concern", () => {
    expect(gist(decide([{ state: "started", agentId: "other", taskId: null }], alive, { taskId: null }))).toBe("free");
  });
});

describe("the session", () => {
  const resumes = { sessionId: "S" };

  it("is one agent's at a time, also between two slots", () => {
    const job = (state: JobSpec["state"]) => [{ state, taskId: "other", sessionId: "S" }] as const;
    for (const status of [alive, unreadable, unknown, over()]) {
      expect(gist(decide(job("started"), status, resumes))).toBe("wait for job-0");
      expect(gist(decide(job("stopping"), status, resumes))).toBe("wait for job-0");
      expect(gist(decide(job("complete"), status, resumes))).toBe("free");
      expect(gist(decide(job("started"), status, { sessionId: "T" }))).toBe("free");
      expect(gist(decide(job("started"), status))).toBe("free");
    }
    expect(gist(decide(job("candidate"), alive, resumes))).toBe("wait for job-0");
    expect(gist(decide(job("candidate"), over(), resumes))).toBe("delete job-0");
  });

  it("does not keep the slot's own orphan from being adopted: that starts nobody", () => {
    const jobs = [
      { state: "started", taskId: "other", sessionId: "S", runId: "run-2" },
      { state: "started", sessionId: "S" },
    ] as const;
    expect(gist(decide(jobs, over(), resumes))).toBe("adopt job-1");
  });
});

describe("pods of Jobs that are gone", () => {
  it("are waited for: a deleted Job vanishes at once, its agent after its grace", () => {
    expect(gist(decide([], unknown, {}, [{}]))).toBe("wait for pod-0");
    // The garbage collector is a moment behind.
    expect(gist(decide([], unknown, {}, [{ ending: false }]))).toBe("wait for pod-0");
    expect(gist(decide([{ state: "leaving" }], unknown, {}, [{ owner: "job-0" }]))).toBe("wait for pod-0");
    expect(gist(decide([{ state: "complete", name: "j" }], alive, {}, [{ owner: "j" }]))).toBe("wait for pod-0");
    expect(gist(decide([], unknown, { taskId: null }, [{ taskId: null }]))).toBe("wait for pod-0");
    expect(gist(decide([], unknown, { sessionId: "S" }, [{ taskId: "other", sessionId: "S" }]))).toBe("wait for pod-0");
  });

  it("hold nobody back when they have ended, or are of another slot and session", () => {
    expect(gist(decide([], unknown, {}, [{ phase: "Succeeded" }, { phase: "Failed" }, { ended: true }]))).toBe("free");
    expect(gist(decide([], unknown, {}, [{ taskId: "other" }, { taskId: null }]))).toBe("free");
    expect(gist(decide([], unknown, { sessionId: "S" }, [{ taskId: "other", sessionId: "T" }]))).toBe("free");
  });

  it("are their Job's to speak for while that lives", () => {
    expect(gist(decide([{ state: "started" }], over(), {}, [{ owner: "job-0", ending: false }]))).toBe("adopt job-0");
  });

  it("end by themselves within their grace and two minutes, but for one whose Job was deleted without it", () => {
    const limitOf = (pod: PodSpec) => {
      const decision = decide([], unknown, {}, [pod]);
      return decision.kind === "wait" ? decision.wait.limit : undefined;
    };
    expect(limitOf({})).toMatchObject({ sec: 195, refusal: { code: "k8s_concurrent_run_blocked" } });
    expect(limitOf({ owner: null, ending: false })).toBeNull();
  });
});

describe("regression cases", () => {
  it("34: a Terminating Job is ignored, even of a living run", () => {
    expect(gist(decide([{ state: "leaving" }], alive))).toBe("free");
  });

  it("37: a living orphan of another session blocks with the specific code and is never touched", () => {
    const session = { state: "started", sessionId: "one" } as const;
    expect(gist(decide([session], over(), { sessionId: "two" }))).toBe("k8s_orphan_session_mismatch");
    expect(gist(decide([session], over(), { sessionId: "one" }))).toBe("adopt job-0");
    expect(gist(decide([session], over()))).toBe("adopt job-0");
  });

  it("39: with reattachOrphanedJobs off any living orphan of the slot blocks, and nothing is adopted or removed", () => {
    const off = { reattach: false };
    expect(gist(decide([{ state: "started" }], over(), off))).toBe("k8s_concurrent_run_blocked");
    expect(gist(decide([{ state: "started" }], over("cancelled"), off))).toBe("k8s_concurrent_run_blocked");
    expect(gist(decide([{ state: "complete" }], over(), off))).toBe("free");
    expect(gist(decide([{ state: "complete" }], unreadable, off))).toBe("free");
  });
});

describe("a run that continues another", () => {
  const heir = { predecessors: ["run-1"] };

  it("adopts the Job of that run whatever its task, and whatever can be known of it", () => {
    for (const status of [alive, unreadable, over()])
      expect(gist(decide([{ state: "started", taskId: "other" }], status, heir))).toBe("adopt job-0");
  });

  it("does not report again what Paperclip has recorded", () => {
    const reported = (verdict: string): RunStatus => ({
      ...(over() as Extract<RunStatus, { kind: "over" }>),
      reported: { job: "uid-of-job-0", verdict },
    });
    expect(gist(decide([{ state: "complete" }], reported("completed"), heir))).toBe("delete job-0");
    // The Job's conditions come seconds after the container's end, on which the outcome rests.
    expect(gist(decide([{ state: "started" }], reported("completed"), heir))).toBe("delete job-0");
    expect(gist(decide([{ state: "complete" }], reported("detached"), heir))).toBe("adopt job-0");
    expect(gist(decide([{ state: "started" }], reported("detached"), heir))).toBe("adopt job-0");
    expect(gist(decide([{ state: "complete", name: "another" }], reported("completed"), heir))).toBe("adopt another");
  });
});

describe("a Job of this very run", () => {
  it("is gone on with, in whatever state, before anything else is decided", () => {
    const blocking = { state: "started", runId: "run-1" } as const;
    for (const state of ["started", "stopped", "complete", "failed"] as const)
      expect(gist(decide([{ state, runId: "me" }, blocking], alive))).toBe("ours job-0");
  });

  it("that was never unsuspended still has to wait for the others", () => {
    const candidate = { state: "candidate", runId: "me" } as const;
    expect(gist(decide([candidate], alive))).toBe("go on with job-0");
    expect(gist(decide([candidate, { state: "started" }], alive))).toBe("wait for job-1");
  });

  it("is not reported twice", () => {
    expect(gist(decide([{ state: "collected", runId: "me" }], alive))).toBe("k8s_job_state_mismatch");
  });
});

describe("several Jobs of the slot", () => {
  it("the newest is adopted, older ended ones are removed first", () => {
    const jobs = [
      { state: "complete", runId: "run-1", age: 1 },
      { state: "failed", runId: "run-2", age: 2 },
    ] as const;
    expect(gist(decide(jobs, over()))).toBe("delete job-0");
  });

  it("a living one comes before an ended one, whatever their age", () => {
    const jobs = [
      { state: "started", runId: "run-1", age: 1 },
      { state: "failed", runId: "run-2", age: 2 },
    ] as const;
    expect(gist(decide(jobs, over()))).toBe("delete job-1");
  });

  it("two living ones block: one run can adopt one", () => {
    const jobs = [
      { state: "started", runId: "run-1" },
      { state: "started", runId: "run-2" },
    ] as const;
    const decision = decide(jobs, over());
    expect(gist(decision)).toBe("k8s_concurrent_run_blocked");
    expect(decision).toMatchObject({ by: { fix: expect.stringMatching(/delete job job-0 or .*delete job job-1/) } });
  });

  it("one that blocks keeps the others from being touched", () => {
    const jobs = [
      { state: "started", sessionId: "one" },
      { state: "complete", runId: "run-2" },
    ] as const;
    expect(gist(decide(jobs, over(), { sessionId: "two" }))).toBe("k8s_orphan_session_mismatch");
  });

  it("only what decides something is asked about", () => {
    const jobs = [
      jobOf({ state: "leaving", runId: "a" }),
      jobOf({ state: "collected", runId: "b" }),
      jobOf({ runId: "me" }),
    ];
    expect(runsInQuestion(me, jobs)).toEqual([]);
  });
});

describe("whatever the cluster shows", () => {
  const states: JobSpec["state"][] = ["started", "candidate", "stopping", "stopped", "complete", "failed", "leaving"];
  const spec = fc.record({
    state: fc.constantFrom(...states),
    taskId: fc.constantFrom("task", "other", null),
    agentId: fc.constantFrom("agent", "agent", "other"),
    sessionId: fc.constantFrom("S", "T"),
    age: fc.nat(9),
  });
  const said = fc.constantFrom(alive, unreadable, unknown, over(), over("cancelled"));
  const claimant = fc.record({
    taskId: fc.constantFrom("task", null),
    sessionId: fc.constantFrom("S", null),
    reattach: fc.boolean(),
    ownsTask: fc.boolean(),
  });

  it("no run is free while a Job of its slot or its session is started, and none of a living run is touched", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(spec, said), { maxLength: 4 }), claimant, (found, asking) => {
        const asks = { ...me, ...asking };
        const jobs = found.map(([one], index) => jobOf({ name: `job-${index}`, runId: `run-${index}`, ...one }));
        const statuses = new Map(found.map(([, status], index) => [`run-${index}`, status]));
        const decision = decideClaim(asks, { jobs, pods: [] }, statuses);
        if (decision.kind === "free")
          for (const [{ state, agentId, taskId, sessionId }, { kind }] of found) {
            const sameSlot = taskId === asks.taskId && agentId === "agent";
            // A task's session is of one agent: another's with the same id on the same task is no case of Paperclip's.
            const sameSession = sessionId === asks.sessionId && (taskId !== asks.taskId || taskId === null);
            const lostToUs = taskId === asks.taskId && taskId !== null && asks.ownsTask && kind === "over";
            if (sameSlot || sameSession || lostToUs) expect(state).not.toBe("started");
          }
        const touched = decision.kind === "adopt" ? [decision.job] : [];
        if (decision.kind === "remove") touched.push(...decision.removals.map(({ job }) => job));
        for (const job of touched) {
          const index = Number(job.metadata?.name?.slice(4));
          expect(["alive", "unreadable"]).not.toContain(found[index]?.[1].kind);
          const [one] = found[index] ?? [];
          expect(one?.taskId === asks.taskId || one?.sessionId === asks.sessionId).toBe(true);
        }
        if (decision.kind === "adopt") expect(decision.job.metadata?.labels?.["paperclip.io/agent-id"]).toBe("agent");
      }),
      { numRuns: cases(2000) },
    );
  });
});
