import { describe, expect, it } from "vitest";
import type { RunStatus } from "../../../src/paperclip/run-status.ts";
import type { Claimant } from "../../../src/run/claim/classify.ts";
import { type ClaimDecision, decideClaim, runsInQuestion } from "../../../src/run/claim/decide.ts";
import { type JobSpec, jobOf } from "./jobs.ts";

const me: Claimant = {
  runId: "me",
  taskId: "task",
  sessionId: null,
  predecessors: [],
  lostRunId: null,
  reattach: true,
};
const over = (status = "failed"): RunStatus => ({ kind: "over", status, reported: null });
const alive: RunStatus = { kind: "alive", status: "running" };
const unreadable: RunStatus = { kind: "unreadable", why: "503", denied: false };

/** The status is that of every other run. */
function decide(specs: readonly JobSpec[], status: RunStatus, claimant: Partial<Claimant> = {}): ClaimDecision {
  const jobs = specs.map((spec, index) => jobOf({ name: `job-${index}`, ...spec }));
  const asked = runsInQuestion({ ...me, ...claimant }, jobs);
  return decideClaim({ ...me, ...claimant }, jobs, new Map(asked.map((id) => [id, status])));
}

/** What a decision does, in one word and the names it touches. */
function gist(decision: ClaimDecision): string {
  switch (decision.kind) {
    case "free":
      return decision.existing ? `go on with ${decision.existing.metadata?.name}` : "free";
    case "blocked":
      return decision.code;
    case "clear":
      return decision.jobs.map(({ job, how }) => `${how} ${job.metadata?.name}`).join(", ");
    case "ours":
    case "adopt":
      return `${decision.kind} ${decision.job.metadata?.name}`;
  }
}

describe("one Job of another run", () => {
  const table: [JobSpec["state"], RunStatus, string][] = [
    ["started", alive, "k8s_concurrent_run_blocked"],
    ["started", unreadable, "k8s_concurrency_guard_unreachable"],
    ["started", over(), "adopt job-0"],
    ["started", over("interrupted"), "adopt job-0"],
    ["started", { kind: "unknown" }, "adopt job-0"],
    ["started", over("cancelled"), "stop job-0"],
    ["candidate", alive, "k8s_concurrent_run_blocked"],
    ["candidate", unreadable, "k8s_concurrency_guard_unreachable"],
    ["candidate", over(), "delete job-0"],
    ["candidate", { kind: "unknown" }, "delete job-0"],
    ["stopped", alive, "k8s_concurrent_run_blocked"],
    ["stopped", unreadable, "free"],
    ["stopped", over(), "delete job-0"],
    // Its agent is still being ended.
    ["stopping", unreadable, "k8s_concurrency_guard_unreachable"],
    ["stopping", over(), "delete job-0"],
    ["complete", alive, "free"],
    ["complete", unreadable, "free"],
    ["complete", over(), "adopt job-0"],
    ["failed", over(), "adopt job-0"],
    ["complete", over("cancelled"), "delete job-0"],
    ["collected", over(), "free"],
    ["leaving", alive, "free"],
  ];
  it.each(table)("%s, its run %j: %s", (state, status, expected) => {
    expect(gist(decide([{ state }], status))).toBe(expected);
  });

  it("names the living run and its Job", () => {
    const decision = decide([{ state: "started", runId: "run-7", taskId: "other" }], alive);
    expect(decision).toMatchObject({
      why: expect.stringMatching(/run-7 .*alive \(running\) as Job job-0 \(task other\)/),
    });
  });
});

describe("regression cases", () => {
  it("34: a Terminating Job is ignored, even of a living run", () => {
    expect(gist(decide([{ state: "leaving" }], alive))).toBe("free");
  });

  it("37: a living orphan of another task or session blocks with the specific code and is never touched", () => {
    const other = { state: "started", taskId: "other" } as const;
    expect(gist(decide([other], over()))).toBe("k8s_concurrent_run_blocked");
    expect(gist(decide([{ state: "started", taskId: null }], over()))).toBe("k8s_orphan_task_unknown");
    expect(gist(decide([{ state: "started" }], over(), { taskId: null }))).toBe("k8s_orphan_task_unknown");
    const session = { state: "started", sessionId: "one" } as const;
    expect(gist(decide([session], over(), { sessionId: "two" }))).toBe("k8s_orphan_session_mismatch");
    expect(gist(decide([session], over(), { sessionId: "one" }))).toBe("adopt job-0");
    expect(gist(decide([session], over()))).toBe("adopt job-0");
  });

  it("39: with reattachOrphanedJobs off any living orphan blocks, and nothing is taken over or removed", () => {
    const off = { reattach: false };
    expect(gist(decide([{ state: "started" }], over(), off))).toBe("k8s_concurrent_run_blocked");
    expect(gist(decide([{ state: "started" }], over("cancelled"), off))).toBe("k8s_concurrent_run_blocked");
    expect(gist(decide([{ state: "complete" }], over(), off))).toBe("free");
  });
});

describe("a run that continues another", () => {
  const heir = { predecessors: ["run-1"] };

  it("takes over the Job of that run whatever its task, and whatever can be known of it", () => {
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

describe("a run without a task that was asked for because of a lost run", () => {
  const asked = { taskId: null, lostRunId: "run-1" };

  it("takes over that run's Job, when it has no task either", () => {
    for (const state of ["started", "complete", "failed"] as const)
      expect(gist(decide([{ state, taskId: null }], over(), asked))).toBe("adopt job-0");
    expect(gist(decide([{ state: "started", taskId: "task" }], over(), asked))).toBe("k8s_orphan_task_unknown");
    const another = { ...asked, lostRunId: "run-7" };
    expect(gist(decide([{ state: "started", taskId: null }], over(), another))).toBe("k8s_orphan_task_unknown");
  });

  it("takes nothing from a run that is alive, or may be: anybody who may wake an agent can ask so", () => {
    const job = { state: "started", taskId: null } as const;
    expect(gist(decide([job], alive, asked))).toBe("k8s_concurrent_run_blocked");
    expect(gist(decide([job], unreadable, asked))).toBe("k8s_concurrency_guard_unreachable");
    expect(gist(decide([job], over("cancelled"), asked))).toBe("stop job-0");
  });
});

describe("a Job of this very run", () => {
  it("is gone on with, in whatever state, before anything else is decided", () => {
    const blocking = { state: "started", runId: "run-1" } as const;
    for (const state of ["started", "stopped", "complete", "failed"] as const)
      expect(gist(decide([{ state, runId: "me" }, blocking], alive))).toBe("ours job-0");
  });

  it("that was never let go still has to wait for the others", () => {
    const held = { state: "candidate", runId: "me" } as const;
    expect(gist(decide([held], alive))).toBe("go on with job-0");
    expect(gist(decide([held, { state: "started" }], alive))).toBe("k8s_concurrent_run_blocked");
  });

  it("is not reported twice", () => {
    expect(gist(decide([{ state: "collected", runId: "me" }], alive))).toBe("k8s_job_state_mismatch");
  });
});

describe("several Jobs", () => {
  it("the newest of its task is taken over, older ended ones are removed first", () => {
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

  it("two living ones block: one run can take over one", () => {
    const jobs = [
      { state: "started", runId: "run-1" },
      { state: "started", runId: "run-2" },
    ] as const;
    expect(gist(decide(jobs, over()))).toBe("k8s_concurrent_run_blocked");
  });

  it("one that blocks keeps the others from being touched", () => {
    const jobs = [{ state: "started" }, { state: "started", taskId: "other", runId: "run-2" }] as const;
    expect(gist(decide(jobs, over()))).toBe("k8s_concurrent_run_blocked");
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
