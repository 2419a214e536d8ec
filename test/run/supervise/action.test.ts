/** What is to be done with a Job that nobody looks after: every state of the Job against every word of Paperclip. */
import type { Job } from "kubernetes-types/batch/v1";
import { describe, expect, it } from "vitest";
import type { RunStatus } from "../../../src/paperclip/run-status.ts";
import { type Action, decideAction, type Wake } from "../../../src/run/supervise/action.ts";
import { WOKEN, writeMark } from "../../../src/run/supervise/wake/woken-mark.ts";

const NOW = Date.parse("2026-11-22T10:00:00Z");
const minutesAgo = (minutes: number): string => new Date(NOW - minutes * 60_000).toISOString();

type State = "candidate" | "started" | "finished" | "stopped" | "collected" | "leaving";

function job(state: State, annotations: Record<string, string> = {}, suspendedFor = 0): Job {
  const suspended = [{ type: "Suspended", status: "True", lastTransitionTime: minutesAgo(suspendedFor) }];
  const conditions =
    state === "finished" ? [{ type: "Complete", status: "True" }] : state === "stopped" ? suspended : [];
  return {
    metadata: {
      name: "job",
      uid: "uid-1",
      ...(state === "leaving" ? { deletionTimestamp: minutesAgo(0) } : {}),
      annotations: {
        "paperclip.io/run-id": "run-1",
        "paperclip.io/task-id": "task-1",
        ...(state === "candidate" ? {} : { "paperclip.io/started": minutesAgo(9) }),
        ...(state === "stopped" ? { "paperclip.io/stopped": "cancelled" } : {}),
        ...(state === "collected" ? { "paperclip.io/collected": "run-1" } : {}),
        ...annotations,
      },
    },
    spec: { suspend: state === "candidate" || state === "stopped", template: {} },
    status: { conditions },
  };
}

const over = (status: string, reported: { job: string; verdict: string | null } | null = null): RunStatus => ({
  kind: "over",
  status,
  reported,
});
const said = (action: Action): string => (action.kind === "remove" ? action.removal.how : action.kind);

describe("decideAction", () => {
  it.each<RunStatus>([
    { kind: "alive", status: "running" },
    { kind: "alive", status: "scheduled_retry" },
    { kind: "unknown" },
    { kind: "unreadable", why: "no answer", denied: false },
  ])("does nothing while Paperclip does not say that the run is over: %j", (status) => {
    for (const state of ["candidate", "started", "finished", "stopped"] as const)
      expect(said(decideAction(job(state, {}, 59), status, NOW)), state).toBe("none");
  });

  it.each<[State, string, string]>([
    ["started", "interrupted", "wake"],
    ["started", "failed", "wake"],
    ["started", "timed_out", "wake"],
    ["started", "succeeded", "none"],
    ["started", "cancelled", "stop"],
    ["finished", "interrupted", "wake"],
    ["finished", "failed", "wake"],
    ["finished", "cancelled", "delete"],
    ["finished", "succeeded", "delete"],
    ["candidate", "failed", "delete"],
    ["collected", "failed", "none"],
    ["leaving", "failed", "none"],
  ])("%s Job of a run that is %s: %s", (state, status, expected) => {
    expect(said(decideAction(job(state), over(status), NOW))).toBe(expected);
  });

  it.each<[State, string]>([
    ["started", "stop"],
    ["candidate", "delete"],
    ["stopped", "delete"],
    ["finished", "none"],
    ["collected", "none"],
    ["leaving", "none"],
  ])("of a terminated agent, whom nobody looks after any more: %s, %s", (state, expected) => {
    const terminated: RunStatus = { kind: "unreadable", why: "terminated", denied: true, terminated: true };
    expect(said(decideAction(job(state, {}, 30), terminated, NOW))).toBe(expected);
  });

  it("removes a stopped Job after an hour without pods, whatever is known of its run but that it is alive", () => {
    for (const status of [{ kind: "unknown" }, { kind: "unreadable", why: "no token", denied: true }] as const) {
      expect(said(decideAction(job("stopped", {}, 59), status, NOW))).toBe("none");
      expect(said(decideAction(job("stopped", {}, 61), status, NOW))).toBe("delete");
    }
    expect(said(decideAction(job("stopped", {}, 600), { kind: "alive", status: "running" }, NOW))).toBe("none");
    const ending = job("stopped", {}, 61);
    const withPod = { ...ending, status: { ...ending.status, terminating: 1 } };
    expect(said(decideAction(withPod, { kind: "unknown" }, NOW))).toBe("none");
  });

  it("removes a kept Job that was suspended for its sidecar when its time is over", () => {
    const kept = (minutes: number): Job => {
      const stopped = job("stopped", { "paperclip.io/collected": "run-1" }, minutes);
      return { ...stopped, spec: { suspend: true, template: {}, ttlSecondsAfterFinished: 3600 } };
    };
    expect(said(decideAction(kept(59), { kind: "unknown" }, NOW))).toBe("none");
    expect(said(decideAction(kept(61), { kind: "unknown" }, NOW))).toBe("delete");
  });

  it("removes a Job that stayed suspended for an hour, whatever is known of its run but that it is alive", () => {
    const held = (minutes: number): Job => {
      const { metadata, ...rest } = job("candidate");
      return { ...rest, metadata: { ...metadata, creationTimestamp: minutesAgo(minutes) } };
    };
    for (const status of [{ kind: "unknown" }, { kind: "unreadable", why: "no token", denied: false }] as const) {
      expect(said(decideAction(held(59), status, NOW))).toBe("none");
      expect(said(decideAction(held(61), status, NOW))).toBe("delete");
    }
    expect(said(decideAction(held(600), { kind: "alive", status: "running" }, NOW))).toBe("none");
  });

  it("leaves a stopped Job to whoever stopped it, and removes it when that took too long", () => {
    expect(said(decideAction(job("stopped", {}, 4), over("cancelled"), NOW))).toBe("none");
    expect(said(decideAction(job("stopped", {}, 6), over("cancelled"), NOW))).toBe("delete");
  });

  it("removes an ended Job whose outcome Paperclip has, but not when that outcome was that it goes on", () => {
    expect(said(decideAction(job("finished"), over("failed", { job: "uid-1", verdict: "agent-error" }), NOW))).toBe(
      "delete",
    );
    // Its conditions come seconds after the container's end, on which the outcome rests.
    expect(said(decideAction(job("started"), over("failed", { job: "uid-1", verdict: "agent-error" }), NOW))).toBe(
      "delete",
    );
    expect(said(decideAction(job("finished"), over("failed", { job: "uid-2", verdict: "agent-error" }), NOW))).toBe(
      "wake",
    );
    expect(said(decideAction(job("finished"), over("failed", { job: "uid-1", verdict: "detached" }), NOW))).toBe(
      "wake",
    );
  });

  /** As an attempt some minutes ago left it. */
  const marked = (run: string, minutes: number, times: number, more: object = {}) => ({
    [WOKEN]: JSON.stringify({ run, at: NOW - minutes * 60_000, times, ...more }),
  });
  const wakes = (annotations: Record<string, string>): string =>
    said(decideAction(job("started", annotations), over("failed"), NOW));

  it("wakes for a lost run, again after one minute, two, four, and then each hour: what holds it back may end", () => {
    const first = decideAction(job("started"), over("failed"), NOW);
    expect(first).toMatchObject({
      kind: "wake",
      lostRunId: "run-1",
      taskId: "task-1",
      again: false,
      mark: { run: "run-1", at: NOW, times: 1 },
    });
    expect(wakes(marked("run-1", 0.9, 1))).toBe("none");
    expect(wakes(marked("run-1", 1.1, 1))).toBe("wake");
    expect(wakes(marked("run-1", 15, 5))).toBe("none");
    expect(wakes(marked("run-1", 17, 5))).toBe("wake");
    expect(wakes(marked("run-1", 59, 400))).toBe("none");
    expect(wakes(marked("run-1", 61, 400))).toBe("wake");
    expect(wakes({ [WOKEN]: "not ours" })).toBe("wake");
  });

  it("counts for each lost run anew: a Job outlives any number of restarts", () => {
    const again = decideAction(job("started", marked("run-0", 0, 7)), over("failed"), NOW);
    expect(again).toMatchObject({ kind: "wake", again: false, mark: { run: "run-1", times: 1 } });
  });

  it("tries soon again where Paperclip did not hear it", () => {
    expect(wakes(marked("run-1", 0.1, 1, { failed: true }))).toBe("none");
    expect(wakes(marked("run-1", 0.2, 1, { failed: true }))).toBe("wake");
    expect(wakes(marked("run-1", 0.2, 2, { failed: true }))).toBe("none");
  });

  it("marks each attempt with a nonce of its own", () => {
    const marks = [0, 1].map(() => decideAction(job("started"), over("failed"), NOW) as Wake);
    expect(marks[0]?.mark.nonce).not.toBe(marks[1]?.mark.nonce);
  });

  it("wakes for a lost run that had no task as for any other", () => {
    const { metadata, ...rest } = job("started");
    const { "paperclip.io/task-id": _, ...annotations } = metadata?.annotations ?? {};
    const taskless = (more: Record<string, string> = {}): Job => ({
      ...rest,
      metadata: { ...metadata, annotations: { ...annotations, ...more } },
    });
    const action = decideAction(taskless(), over("failed"), NOW) as Wake;
    expect(action).toMatchObject({ kind: "wake", lostRunId: "run-1", taskId: null });
    expect(said(decideAction(taskless(writeMark(action.mark)), over("failed"), NOW + 30_000))).toBe("none");
    expect(said(decideAction(taskless(writeMark(action.mark)), over("failed"), NOW + 90_000))).toBe("wake");
    // Adopted since, and lost again.
    const again = taskless({ ...writeMark(action.mark), "paperclip.io/run-id": "run-2" });
    expect(decideAction(again, over("failed"), NOW)).toMatchObject({ kind: "wake", lostRunId: "run-2" });
  });
});
