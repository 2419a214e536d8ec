/** What the follower of a log knows of its container, by what the cluster shows of the pod. */
import { describe, expect, it } from "vitest";
import { containerState } from "../../../src/run/follow/observed-container.ts";
import { hasEnded } from "../../../src/run/observe/end-of-run.ts";
import { container, evidenceOf, job, pod } from "../support/evidence.ts";

const RUNS = { containerStatuses: [container({ running: { startedAt: "2026-11-22T07:00:01Z" } })] };
const ENDED = {
  containerStatuses: [container({ terminated: { exitCode: 137, reason: "Error", startedAt: "2026-11-22T07:00:01Z" } })],
};
const given = (reason: string) => [{ type: "DisruptionTarget", status: "True", reason, message: "" }];

describe("a pod that the cluster has ended", () => {
  it.each([
    ["evicted, by its node", { ...ENDED, phase: "Failed", reason: "Evicted" }, "evicted"],
    ["evicted, with a status from before", { ...RUNS, phase: "Failed", reason: "Evicted" }, "evicted"],
    ["ended as its node shuts down", { ...ENDED, phase: "Failed", reason: "Terminated" }, "left"],
    ["lost with its node", { ...RUNS, phase: "Failed", conditions: given("DeletionByPodGC") }, "gone"],
    ["given up by name", { ...RUNS, phase: "Failed", reason: "NodeLost" }, "gone"],
    ["never started", { phase: "Failed", reason: "OutOfcpu" }, "gone"],
  ])("%s", (_, status, state) => {
    const evidence = evidenceOf([job(), pod(status)]);
    expect(containerState(evidence)).toBe(state);
    expect(hasEnded(evidence)).toBe(true);
  });

  it("is followed on where only the phase came before the container's end", () => {
    expect(containerState(evidenceOf([job(), pod({ ...RUNS, phase: "Failed" })]))).toBe("running");
  });

  it("is followed on while it is told to go", () => {
    const status = { ...RUNS, phase: "Running", conditions: given("DeletionByTaintManager") };
    expect(containerState(evidenceOf([job(), pod(status)]))).toBe("running");
  });
});
