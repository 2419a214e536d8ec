/** What a Job is to the next run when its pod says more than its conditions do: a sidecar that goes on, a silent node. */
import { describe, expect, it } from "vitest";
import type { RunStatus } from "../../../src/paperclip/run-status.ts";
import type { Claimant } from "../../../src/run/claim/classify.ts";
import { decideClaim, runsInQuestion } from "../../../src/run/claim/decide.ts";
import { stateOf, withPods } from "../../../src/run/shared/job-state.ts";
import { ANNOTATIONS } from "../../../src/run/shared/names.ts";
import { type JobSpec, jobOf, type PodSpec, podOf } from "./jobs.ts";

const me: Claimant = {
  agentId: "agent",
  runId: "me",
  taskId: "task",
  sessionId: "session-1",
  predecessors: [],
  reattach: true,
  ownsTask: false,
};
/** A minute beyond the deletion of the pods below. */
const DUE = Date.parse("2026-01-01T00:01:00Z");
const over = (status: string, reported = false): RunStatus => ({
  kind: "over",
  status,
  reported: reported ? { job: "uid-of-job", verdict: "disrupted" } : null,
});

function decide(
  job: JobSpec & { readonly abandoned?: boolean },
  pod: PodSpec,
  status: RunStatus,
  now: number,
  claimant: Partial<Claimant> = {},
): string {
  const { abandoned, ...spec } = job;
  const made = jobOf({ name: "job", ...spec });
  if (abandoned)
    made.metadata = {
      ...made.metadata,
      annotations: { ...made.metadata?.annotations, [ANNOTATIONS.abandoned]: "true" },
    };
  const pods = [podOf({ owner: "job", ...pod })];
  const jobs = withPods([made], pods, now);
  const asked = runsInQuestion({ ...me, ...claimant }, jobs);
  const decision = decideClaim({ ...me, ...claimant }, { jobs, pods }, new Map(asked.map((id) => [id, status])));
  if (decision.kind === "remove") return decision.removals.map(({ how }) => how).join();
  if (decision.kind === "wait") return `wait: ${decision.wait.why}`;
  return decision.kind;
}

describe("a Job whose agent's container has ended while another goes on", () => {
  const pod = { ended: true, ending: false };

  it("has finished", () => {
    expect(stateOf(withPods([jobOf({ state: "started" })], [podOf({ ...pod, owner: "job" })], DUE)[0] ?? {})).toBe(
      "finished",
    );
    expect(stateOf(withPods([jobOf({ state: "started" })], [podOf({ ...pod, owner: "another" })], DUE)[0] ?? {})).toBe(
      "started",
    );
  });

  it("is adopted for its outcome, and blocks nobody who adopts nothing", () => {
    expect(decide({ state: "started" }, pod, over("failed"), DUE)).toBe("adopt");
    expect(decide({ state: "started" }, pod, over("failed"), DUE, { reattach: false })).toBe("free");
  });

  it("is removed at once when it was stopped, though its pod takes its time", () => {
    expect(decide({ state: "stopping" }, { ended: true }, over("cancelled"), DUE)).toBe("delete");
  });
});

describe("a Job on a node that does not tell of its pod's end", () => {
  const silent = /on a node that does not answer, and nobody can say whether its agent still runs/;

  it.each<[JobSpec["state"], RunStatus]>([
    ["started", over("failed")],
    ["started", over("failed", true)],
    ["started", over("cancelled")],
    ["started", { kind: "unknown" }],
    ["started", { kind: "unreadable", why: "503", denied: false }],
    ["stopping", over("cancelled")],
  ])("%s, its run %j: is waited for, and is neither adopted nor removed", (state, status) => {
    expect(decide({ state }, {}, status, DUE)).toMatch(silent);
  });

  it("is adopted as long as its end is not overdue", () => {
    expect(decide({ state: "started" }, {}, over("failed"), DUE - 1)).toBe("adopt");
  });

  it("holds its session too", () => {
    const other = { taskId: "another", sessionId: "session-1", state: "started" } as const;
    expect(decide(other, { taskId: "another", sessionId: "session-1" }, over("failed"), DUE)).toMatch(silent);
  });

  it("is nobody's concern once an operator has given it up, nor is its pod", () => {
    expect(decide({ state: "started", abandoned: true }, {}, over("failed"), DUE)).toBe("free");
  });
});
