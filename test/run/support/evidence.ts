import type { Job } from "kubernetes-types/batch/v1";
import type { ContainerStateTerminated, Pod } from "kubernetes-types/core/v1";
import { type AgentResult, NO_RESULT, type TerminalResult } from "../../../src/claude/agent-result.ts";
import type { Evidence } from "../../../src/run/observe/evidence/evidence.ts";
import { noEvidence, type Observation, reduceEvidence } from "../../../src/run/observe/evidence/reduce.ts";
import type { RunFacts } from "../../../src/run/shared/run-terms.ts";
import type { Seal } from "../../../src/runner/seal.ts";

/** Building blocks of evidence, each with plain defaults. */

export const RUN: RunFacts = {
  container: "claude",
  model: "claude-sonnet-4-5",
  resumedSessionId: null,
  sessionPersists: true,
  timeoutSec: 0,
};

export const T0 = Date.parse("2026-11-22T07:00:00Z");

export const JOB: Job = {
  metadata: { name: "ac-agent-run-abc123", namespace: "agents", uid: "job-uid" },
  spec: { template: {} },
};

export function job(status: Job["status"] = {}, metadata: Job["metadata"] = {}): Observation {
  return { kind: "job", job: { ...JOB, metadata: { ...JOB.metadata, ...metadata }, status }, deleted: false, at: T0 };
}

export function jobDeleted(at = T0 + 60_000): Observation {
  return { kind: "job", job: JOB, deleted: true, at };
}

export function podObject(status: Pod["status"] = {}, metadata: Pod["metadata"] = {}): Pod {
  return {
    metadata: {
      name: "ac-agent-run-abc123-x7k2p",
      namespace: "agents",
      uid: "pod-uid",
      creationTimestamp: "2026-11-22T07:00:00Z",
      ownerReferences: [{ apiVersion: "batch/v1", kind: "Job", name: "ac-agent-run-abc123", uid: "job-uid" }],
      ...metadata,
    },
    spec: { nodeName: "node-1", containers: [{ name: "claude" }] },
    status,
  };
}

export function pod(status: Pod["status"] = {}, metadata: Pod["metadata"] = {}): Observation {
  return { kind: "pod", pod: podObject(status, metadata), deleted: false, at: T0 + 1000 };
}

export const RUNNING: Pod["status"] = {
  phase: "Running",
  containerStatuses: [container({ running: { startedAt: "2026-11-22T07:00:01Z" } })],
};

export function container(
  state: NonNullable<NonNullable<Pod["status"]>["containerStatuses"]>[number]["state"],
  name = "claude",
) {
  return { name, image: "agent:1", imageID: "", ready: false, restartCount: 0, ...(state ? { state } : {}) };
}

/** A pod whose agent container has ended; with a seal, as our runner leaves it. */
export function ended(
  exitCode: number,
  more: Partial<ContainerStateTerminated> = {},
  seal?: Partial<Seal>,
): Observation {
  const terminated: ContainerStateTerminated = {
    exitCode,
    reason: exitCode === 0 ? "Completed" : "Error",
    startedAt: "2026-11-22T07:00:01Z",
    finishedAt: "2026-11-22T07:00:30Z",
    ...(seal ? { message: JSON.stringify(sealOf(exitCode, seal)) } : {}),
    ...more,
  };
  return {
    kind: "pod",
    pod: podObject({ phase: exitCode === 0 ? "Succeeded" : "Failed", containerStatuses: [container({ terminated })] }),
    deleted: false,
    at: T0 + 31_000,
  };
}

export function sealOf(exitCode: number | null, more: Partial<Seal> = {}): Seal {
  return { v: 1, runner: "node", exitCode, signal: null, ending: "exit", ...more };
}

export function agent(more: Partial<AgentResult> = {}): Observation {
  return { kind: "agent", result: { ...NO_RESULT, ...more } };
}

const PLAIN_RESULT: TerminalResult = {
  subtype: "success",
  isError: false,
  terminalReason: "completed",
  stopReason: "end_turn",
  apiErrorStatus: null,
  apiErrorType: null,
  apiError: null,
  errors: [],
  numTurns: 1,
  durationMs: 1000,
  usage: null,
  totalCostUsd: null,
  modelUsage: null,
  permissionDenials: [],
};

export function result(more: Partial<TerminalResult> = {}): TerminalResult {
  return { ...PLAIN_RESULT, ...more };
}

/** An agent whose session exists and that answered. */
export const ANSWERED: Partial<AgentResult> = {
  sessionId: "9e3d364e-0ee8-4e26-8ff7-e23b0cc117dd",
  model: "claude-sonnet-4-5",
  init: true,
  progress: "content",
  summary: "I have begun.",
};

export const SUCCEEDED: Partial<AgentResult> = { ...ANSWERED, result: result(), summary: "Done." };

export function transcript(lines: number): Observation {
  return { kind: "transcript", report: { state: "complete", lines } };
}

export function cancel(at = T0 + 20_000): Observation {
  return { kind: "act", act: { kind: "cancel", by: "host", reason: "Cancelled by a board operator", at } };
}

export function evidenceOf(observations: readonly Observation[], run: Partial<RunFacts> = {}): Evidence {
  return observations.reduce(reduceEvidence, noEvidence({ ...RUN, ...run }));
}
