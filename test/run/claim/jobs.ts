/** Jobs and pods as the cluster shows them, as small as a decision needs them. */
import type { Job } from "kubernetes-types/batch/v1";
import type { Pod } from "kubernetes-types/core/v1";
import { ANNOTATIONS, CONTAINER, LABELS } from "../../../src/run/shared/names.ts";

export interface JobSpec {
  readonly name?: string;
  readonly runId?: string;
  readonly taskId?: string | null;
  readonly sessionId?: string;
  readonly agentId?: string;
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

export function jobOf({
  name = "job",
  runId = "run-1",
  taskId = "task",
  sessionId,
  agentId = "agent",
  state,
  age = 0,
}: JobSpec): Job {
  const done = state === "complete" || state === "collected" ? "Complete" : state === "failed" ? "Failed" : null;
  const stopped = state === "stopping" || state === "stopped";
  const held = state === "candidate" || stopped;
  return {
    metadata: {
      name,
      uid: `uid-of-${name}`,
      resourceVersion: "1",
      creationTimestamp: new Date(1_700_000_000_000 + age * 1000).toISOString(),
      labels: {
        [LABELS.agentId]: agentId,
        [LABELS.runId]: runId,
        ...(sessionId ? { [LABELS.sessionId]: sessionId } : {}),
      },
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

export interface PodSpec extends Omit<JobSpec, "state" | "age"> {
  /** The Job that owns it; null: it was deleted without its pod. @default one that is gone */
  readonly owner?: string | null;
  /** Told to end. @default true */
  readonly ending?: boolean;
  readonly phase?: string;
  /** The agent's container has ended, whatever else is in the pod. */
  readonly ended?: boolean;
}

export function podOf(spec: PodSpec): Pod {
  const { name = "pod", runId = "run-1", taskId = "task", sessionId, agentId = "agent", ending = true } = spec;
  const { owner = "gone", phase = "Running", ended = false } = spec;
  const state = ended ? { terminated: { exitCode: 0, finishedAt: "2026-01-01T00:00:00Z" } } : { running: {} };
  return {
    metadata: {
      name,
      namespace: "agents",
      labels: {
        [LABELS.agentId]: agentId,
        [LABELS.runId]: runId,
        ...(taskId === null ? {} : { [LABELS.taskId]: taskId }),
        ...(sessionId ? { [LABELS.sessionId]: sessionId } : {}),
      },
      ...(owner === null
        ? {}
        : { ownerReferences: [{ apiVersion: "batch/v1", kind: "Job", name: owner, uid: `uid-of-${owner}` }] }),
      ...(ending ? { deletionTimestamp: "2026-01-01T00:00:00Z", deletionGracePeriodSeconds: 75 } : {}),
    },
    spec: { nodeName: "node-1", containers: [] },
    status: {
      phase,
      containerStatuses: [
        { name: CONTAINER, image: "", imageID: "", ready: !ended, restartCount: 0, state },
        { name: "sidecar", image: "", imageID: "", ready: true, restartCount: 0, state: { running: {} } },
      ],
    },
  };
}
