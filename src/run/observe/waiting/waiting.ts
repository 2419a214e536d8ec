import type { Job } from "kubernetes-types/batch/v1";
import type { ContainerStateTerminated, ContainerStatus, Event, Pod } from "kubernetes-types/core/v1";
import { queueStateOf } from "../../shared/kueue.ts";
import type { QueueReading } from "../queue/reading.ts";
import { containerTrouble, sidecarTrouble, stepOf } from "./container.ts";
import { newestEvent, withoutDrawnName } from "./events.ts";
import { fixForInitContainer, fixForWaiting, refusal } from "./fixes.ts";
import { namesMissingObject } from "./missing.ts";
import { queued } from "./queued.ts";
import type { Waiting } from "./types.ts";

export type { Patience, Waiting } from "./types.ts";

export interface PodSnapshot {
  readonly pod: Pod | null;
  readonly job: Job | null;
  /** Events of the Job and of its pod, in any order. */
  readonly events: readonly Event[];
  /** Name of the agent's container. */
  readonly container: string;
  /** As last read of the queue that has the Job. @default null */
  readonly queue?: QueueReading | null;
}

/** What the run waits for, as the cluster shows it now. Pure: the caller keeps the time and the limits. */
export function describeWaiting(seen: PodSnapshot): Waiting {
  const { pod, job, events } = seen;
  if (!pod) return withoutPod(job, events, seen.queue ?? null);
  const agent = pod.status?.containerStatuses?.find(({ name }) => name === seen.container);
  const { running, terminated } = agent?.state ?? {};
  if (running) return { state: "ready", reason: "Running", message: "", fix: null, patience: "time" };
  if (terminated) return ended(terminated);
  if (pod.metadata?.deletionTimestamp) return gone("the pod is being deleted");
  return failedPod(pod) ?? unscheduled(pod, events) ?? starting(pod, agent, events);
}

function withoutPod(job: Job | null, events: readonly Event[], queue: QueueReading | null): Waiting {
  if (job?.metadata?.deletionTimestamp) return gone("the Job is being deleted");
  const failure = job?.status?.conditions?.find(({ type, status }) => type === "Failed" && status === "True");
  if (failure) return failed(failure.reason ?? "Failed", failure.message ?? "");
  const state = job ? queueStateOf(job) : null;
  if (state?.kind === "gated" || state?.kind === "waiting" || state?.kind === "evicting")
    return queued(state.queue, queue);
  if (job?.spec?.suspend) {
    const fix = fixForWaiting("Suspended");
    return { state: "suspended", reason: "Suspended", message: "", fix, patience: "time" };
  }
  const refused = newestEvent(events, "Job", new Set(["FailedCreate"]));
  if (!refused) return { state: "no-pod", reason: "", message: "", fix: null, patience: "time" };
  const message = withoutDrawnName(refused.message ?? "");
  return { ...refusal(message), reason: "FailedCreate", message };
}

function ended({ reason = "", message = "", startedAt }: ContainerStateTerminated): Waiting {
  // A failed start carries the epoch as its start, a container that never existed none at all (measured).
  const started = startedAt !== undefined && startedAt !== null && Date.parse(startedAt) > 0;
  if (started) return { state: "ready", reason, message: "", fix: null, patience: "time" };
  return failed(reason, message, fixForWaiting(reason === "StartError" ? "RunContainerError" : reason));
}

/** It goes within seconds, as a rule, and whatever took it is the cause: the run is not given up before. */
function gone(message: string): Waiting {
  return { state: "gone", reason: "Deleted", message, fix: null, patience: "time" };
}

function failed(reason: string, message: string, fix: string | null = null): Waiting {
  return { state: "failed", reason, message, fix, patience: "fatal" };
}

/** Of init containers that end: a native sidecar goes on, and is started again when it fails. */
function initStatuses(pod: Pod): readonly ContainerStatus[] {
  const sidecars = sidecarStatuses(pod);
  return (pod.status?.initContainerStatuses ?? []).filter((status) => !sidecars.includes(status));
}

function sidecarStatuses({ spec, status = {} }: Pod): readonly ContainerStatus[] {
  const sidecars = (spec?.initContainers ?? []).filter((one) => (one as { restartPolicy?: string }).restartPolicy);
  return (status.initContainerStatuses ?? []).filter(({ name }) => sidecars.some((sidecar) => sidecar.name === name));
}

function failedPod(pod: Pod): Waiting | null {
  const { status = {} } = pod;
  const init = initStatuses(pod).find(({ state }) => (state?.terminated?.exitCode ?? 0) !== 0);
  if (init) {
    const { exitCode, reason, message } = init.state?.terminated ?? {};
    return failed(
      reason ?? "Error",
      `init container ${init.name}: exit code ${exitCode}${message ? `: ${message.trim()}` : ""}`,
      fixForInitContainer(init.name),
    );
  }
  if (status.phase !== "Failed" && status.phase !== "Succeeded") return null;
  return failed(status.reason ?? status.phase, status.message ?? "");
}

function unscheduled({ spec, status = {} }: Pod, events: readonly Event[]): Waiting | null {
  if (spec?.nodeName) return null;
  const condition = status.conditions?.find(({ type }) => type === "PodScheduled");
  if (condition?.status === "True") return null;
  const reason = condition?.reason ?? "Pending";
  const message = condition?.message ?? newestEvent(events, "Pod", new Set(["FailedScheduling"]))?.message ?? "";
  const patience = namesMissingObject(message) ? "missing-object" : "time";
  return { state: "unscheduled", reason, message: message, fix: fixForWaiting(reason, message), patience };
}

/** Other containers beside the agent's are started by themselves: they keep nobody from starting. */
function starting(pod: Pod, agent: ContainerStatus | undefined, events: readonly Event[]): Waiting {
  for (const init of pod.status?.initContainerStatuses ?? []) {
    const trouble = containerTrouble(init, events, true);
    if (trouble) return trouble;
  }
  const trouble = agent && containerTrouble(agent, events, false);
  if (trouble) return trouble;
  for (const sidecar of sidecarStatuses(pod)) {
    const sidecarWaits = sidecarTrouble(sidecar);
    if (sidecarWaits) return sidecarWaits;
  }
  const init = initStatuses(pod).find(({ state }) => state?.running);
  if (!init) return stepOf(events);
  return { state: "initializing", reason: init.name, message: "", fix: null, patience: "time" };
}
