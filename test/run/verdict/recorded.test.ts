/** Verdicts on runs whose record is kept by a container of its own. */
import type { ContainerStatus } from "kubernetes-types/core/v1";
import { describe, expect, it } from "vitest";
import { noEvidence, type Observation, reduceEvidence } from "../../../src/run/observe/evidence/reduce.ts";
import { judge } from "../../../src/run/verdict/verdict.ts";
import type { Seal } from "../../../src/runner/seal.ts";
import { ANSWERED, agent, container, job, podObject, RUN, result, sealOf, T0 } from "../support/evidence.ts";

const stdout = { lines: 3, bytes: 30, sha256: "a".repeat(64), newline: true };

function ended(exitCode: number, seal: Seal, recorder: { exitCode?: number; restartCount?: number } = {}): Observation {
  const times = { startedAt: "2026-11-22T07:00:01Z", finishedAt: "2026-11-22T07:00:30Z" };
  const terminated = { exitCode, reason: exitCode === 0 ? "Completed" : "Error", ...times };
  const { exitCode: recorders = 0, restartCount = 0 } = recorder;
  const reason = recorders === 0 ? "Completed" : "OOMKilled";
  const kept = { terminated: { exitCode: recorders, reason, message: JSON.stringify(seal), ...times } };
  const status: ContainerStatus = { ...container(kept, "recorder"), restartCount };
  const containerStatuses = [container({ terminated })];
  const phase = exitCode === 0 ? "Succeeded" : "Failed";
  const pod = podObject({ phase, containerStatuses, initContainerStatuses: [status] });
  return { kind: "pod", pod, deleted: false, at: T0 };
}

const verdictOn = (...seen: readonly Observation[]) =>
  judge([job(), ...seen].reduce(reduceEvidence, noEvidence({ ...RUN, recorder: "separate" })));

const SUCCESS = agent({ ...ANSWERED, result: result() });
const DIFFERS = "The agent's container told another end than its status shows: exit code 137 stands";

describe("beside a recorder", () => {
  it("the exit code is the container's where the agent's half has told another", () => {
    const verdict = verdictOn(ended(137, sealOf(0, { stdout })), SUCCESS);
    expect(verdict).toMatchObject({ code: "claude_error", exitCode: 137, signal: "SIGKILL" });
    expect(verdict.evidence).toContain(DIFFERS);
    expect(verdictOn(ended(0, sealOf(0, { stdout })), SUCCESS)).toMatchObject({ kind: "completed", exitCode: 0 });
    const signalled = verdictOn(ended(143, sealOf(null, { signal: "SIGTERM", stdout })), agent(ANSWERED));
    expect(signalled).toMatchObject({ exitCode: null, signal: "SIGTERM" });
  });

  it("an end after the result counts as that only where the container ended as the result says", () => {
    const seal = sealOf(143, { ending: "after-result", stdout });
    expect(verdictOn(ended(0, seal), SUCCESS)).toMatchObject({ kind: "completed" });
    const verdict = verdictOn(ended(137, seal), SUCCESS);
    expect(verdict).toMatchObject({ code: "claude_error", exitCode: 137 });
    expect(verdict.evidence).toContain(DIFFERS);
  });

  it("the container's end stands where nothing was told", () => {
    const seal = sealOf(null, { ending: "unknown", stdout });
    expect(verdictOn(ended(137, seal), agent(ANSWERED))).toMatchObject({ exitCode: 137, signal: "SIGKILL" });
  });

  it("a recorder that was lost is the cause of the agent's end", () => {
    const seal: Seal = { ...sealOf(null, { ending: "unknown" }), partial: true };
    const lost = ended(143, seal, { exitCode: 137, restartCount: 1 });
    const verdict = verdictOn(lost, agent({ ...ANSWERED, progress: "content" }));
    expect(verdict).toMatchObject({ kind: "truncated", code: "claude_truncated", signal: "SIGTERM" });
    expect(verdict.sentence).toMatch(/^The container that records the run ended before the agent's \(exit code 137/);
    expect(verdict.evidence).toContain("Container recorder: terminated, exit code 137, OOMKilled");
    // Its own work was done, and recorded, before.
    const done = ended(0, seal, { exitCode: 137, restartCount: 1 });
    expect(verdictOn(done, SUCCESS)).toMatchObject({ kind: "completed" });
  });
});
