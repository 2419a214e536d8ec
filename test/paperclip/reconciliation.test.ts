/** After which results Paperclip holds a task back, and what its page is told then. */
import type { AdapterExecutionResult } from "@paperclipai/adapter-utils";
import { describe, expect, it } from "vitest";
import { adviceOnFailure, holdsTask } from "../../src/paperclip/reconciliation.ts";

const ended = (more: Partial<AdapterExecutionResult> = {}): AdapterExecutionResult => {
  const failure = { exitCode: 143, signal: null, timedOut: false, errorCode: "k8s_pod_disrupted" };
  return { ...failure, ...more, resultJson: { stopped: true, ...more.resultJson } };
};

describe("holdsTask", () => {
  it.each<[string, Partial<AdapterExecutionResult>, boolean]>([
    ["a failure", {}, true],
    ["a timeout", { timedOut: true, errorCode: "timeout" }, true],
    ["a success", { exitCode: 0, errorCode: null }, false],
    ["an agent that may be alive", { resultJson: { stopped: false } }, false],
    ["one that never began", { executionRecovery: { kind: "bootstrap", providerWorkStarted: false } }, false],
    ["turns that are used up", { resultJson: { stopReason: "max_turns_exhausted" } }, false],
    ["a Stop", { errorCode: "cancelled", resultJson: { executionCancellation: { state: "acknowledged" } } }, false],
    ["a Stop that nobody has seen take effect", { errorCode: "cancelled" }, false],
  ])("%s", (_, result, held) => expect(holdsTask(ended(result))).toBe(held));
});

it("tells the page a command that a shell and the host's schema take", () => {
  const text = adviceOnFailure("task-1", "run-1");
  const body = /-d '([^']*)'\n```$/.exec(text)?.[1] ?? "";
  expect(JSON.parse(body)).toMatchObject({
    outcome: "restored",
    sourceIssueStatus: "todo",
    executionReconciliation: { runId: "run-1", providerStopped: true, actionOutcome: "mixed" },
  });
  expect(JSON.parse(body).executionReconciliation.outcomeEvidence.length).toBeGreaterThan(20);
});
