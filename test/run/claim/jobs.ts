/** Jobs as the cluster shows them, as small as a decision needs them. */
import type { Job } from "kubernetes-types/batch/v1";
import { ANNOTATIONS, LABELS } from "../../../src/run/shared/names.ts";

export interface JobSpec {
  readonly name?: string;
  readonly runId?: string;
  readonly taskId?: string | null;
  readonly sessionId?: string;
  readonly state?:
    | undefined
    | "candidate"
    | "started"
    | "stopping"
    | "stopped"
    | "complete"
    | "failed"
    | "leaving"
    | "collected";
  /** Seconds since some beginning. */
  readonly age?: number;
}

export function jobOf({ name = "job", runId = "run-1", taskId = "task", sessionId, state, age = 0 }: JobSpec): Job {
  const done = state === "complete" || state === "collected" ? "Complete" : state === "failed" ? "Failed" : null;
  const stopped = state === "stopping" || state === "stopped";
  const held = state === "candidate" || stopped;
  return {
    metadata: {
      name,
      uid: `uid-of-${name}`,
      resourceVersion: "1",
      creationTimestamp: new Date(1_700_000_000_000 + age * 1000).toISOString(),
      labels: { [LABELS.runId]: runId, ...(sessionId ? { [LABELS.sessionId]: sessionId } : {}) },
      annotations: {
        [ANNOTATIONS.runId]: runId,
        ...(taskId === null ? {} : { [ANNOTATIONS.taskId]: taskId }),
        ...(state === "candidate" ? {} : { [ANNOTATIONS.started]: "2026-01-01T00:00:00Z" }),
        ...(stopped ? { [ANNOTATIONS.stopped]: "because" } : {}),
        ...(state === "collected" ? { [ANNOTATIONS.collected]: runId } : {}),
      },
      ...(state === "leaving" ? { deletionTimestamp: "2026-01-01T00:00:00Z" } : {}),
    },
    spec: { suspend: held, template: {} },
    status: {
      conditions: [done, stopped ? "Suspended" : null].flatMap((type) => (type ? [{ type, status: "True" }] : [])),
      ...(state === "stopping" ? { active: 0, terminating: 1 } : {}),
    },
  };
}
