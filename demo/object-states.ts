/** How a Job and its pod are doing, in a few words; pure. */
import type { Job } from "kubernetes-types/batch/v1";
import type { ContainerStatus, Pod } from "kubernetes-types/core/v1";
import { ANNOTATIONS } from "../src/run/shared/names.ts";

export interface ObjectState {
  readonly text: string;
  readonly wrong: boolean;
}

export function jobState(job: Job): ObjectState {
  const failed = condition(job, "Failed");
  if (failed) return { text: `Failed: ${failed.reason ?? "no reason given"}`, wrong: true };
  if (condition(job, "Complete")) return right("Complete");
  if (job.metadata?.deletionTimestamp) return right("being deleted");
  if (!job.spec?.suspend) return right("started");
  // Created suspended, too: its Secret comes first.
  return right(job.metadata?.annotations?.[ANNOTATIONS.stopped] === undefined ? "created" : "being stopped");
}

export function podState(pod: Pod): ObjectState {
  const status = pod.status ?? {};
  const container = status.containerStatuses?.[0];
  const ended = container?.state?.terminated;
  const phase = status.phase ?? "Pending";
  if (ended) return { text: `${phase} (exit code ${ended.exitCode})`, wrong: ended.exitCode !== 0 };
  if (pod.metadata?.deletionTimestamp) return right("being deleted");
  if (phase === "Failed") return { text: `Failed: ${status.reason ?? "no reason given"}`, wrong: true };
  if (container?.state?.running) return right(`Running on ${pod.spec?.nodeName ?? "a node"}`);
  return waitingState(pod, container);
}

/** Reasons that are only a step on the way. */
const ON_THE_WAY = new Set(["ContainerCreating", "PodInitializing"]);

function waitingState(pod: Pod, container: ContainerStatus | undefined): ObjectState {
  const waiting = container?.state?.waiting;
  if (waiting?.reason && !ON_THE_WAY.has(waiting.reason))
    return { text: [`Pending: ${waiting.reason}`, waiting.message].filter(Boolean).join(": "), wrong: true };
  const scheduled = pod.status?.conditions?.find(({ type }) => type === "PodScheduled");
  if (scheduled?.status === "False")
    return { text: `Pending: ${scheduled.reason}: ${scheduled.message ?? ""}`, wrong: true };
  return right(pod.spec?.nodeName ? `Pending on ${pod.spec.nodeName}` : "Pending");
}

function condition(job: Job, type: "Complete" | "Failed") {
  return job.status?.conditions?.find((entry) => entry.type === type && entry.status === "True");
}

function right(text: string): ObjectState {
  return { text, wrong: false };
}
