import { createHash } from "node:crypto";
import type { Container, ContainerStatus, PodCondition, PodStatus } from "kubernetes-types/core/v1";
import { type Pod, timestamp } from "../controllers/objects.ts";
import type { ContainerState, Restarts } from "./container-state.ts";
import { ADDRESS } from "./fields.ts";
import { isSidecar } from "./sidecar.ts";

/** All that the kubelet knows of a pod. */
export interface PodRuntime {
  readonly startedAt: number;
  /** The sandbox and the volumes are there. */
  readonly ready: boolean;
  /** In the order of the spec. */
  readonly init: readonly ContainerState[];
  readonly main: readonly ContainerState[];
  readonly ephemeral: readonly ContainerState[];
  readonly restarts: Restarts;
  /** The kubelet ends the pod for this reason. */
  readonly failing?: { readonly reason: string; readonly message: string };
  /** Nothing of the pod runs any more, and the kubelet has said so. */
  readonly over?: "Succeeded" | "Failed";
}

/** The status that the kubelet writes; which conditions and reasons stand there, and their order, is measured on 1.36. */
export function statusOf(pod: Pod, runtime: PodRuntime, now: number): PodStatus {
  const before = pod.status ?? {};
  const phase = phaseOf(runtime);
  const { qosClass } = before as { qosClass?: string };
  return {
    ...observed(pod),
    phase,
    conditions: conditionsOf(pod, runtime, now),
    ...(runtime.over === "Failed" ? runtime.failing : {}),
    hostIP: ADDRESS,
    hostIPs: [{ ip: ADDRESS }],
    ...(runtime.ready || before.podIP !== undefined ? { podIP: ADDRESS, podIPs: [{ ip: ADDRESS }] } : {}),
    startTime: before.startTime ?? timestamp(runtime.startedAt),
    ...(runtime.init.length === 0
      ? {}
      : { initContainerStatuses: statuses(pod.spec.initContainers, runtime.init, runtime.restarts) }),
    containerStatuses: statuses(pod.spec.containers, runtime.main),
    ...(runtime.ephemeral.length === 0
      ? {}
      : { ephemeralContainerStatuses: statuses(pod.spec.ephemeralContainers as Container[], runtime.ephemeral) }),
    ...(qosClass === undefined ? {} : { qosClass }),
  } as PodStatus;
}

export const isEvicted = (failing: PodRuntime["failing"]): boolean => failing?.reason === "Evicted";

/** What a pod comes to whose containers have all ended. */
export function phaseAtEnd(main: readonly ContainerState[], failing: PodRuntime["failing"]): "Succeeded" | "Failed" {
  const succeeded = main.every((state) => state.kind === "terminated" && state.exitCode === 0);
  return failing === undefined && succeeded ? "Succeeded" : "Failed";
}

function phaseOf({ over, main }: PodRuntime): string {
  if (over !== undefined) return over;
  const ran = main.some(
    (state) => state.kind === "running" || (state.kind === "terminated" && (state.startedAt ?? 0) > 0),
  );
  return ran ? "Running" : "Pending";
}

function conditionsOf(pod: Pod, runtime: PodRuntime, now: number): PodCondition[] {
  const before = pod.status?.conditions ?? [];
  const initialized = initializedOf(pod, runtime);
  const ready = readyOf(pod, runtime);
  const own = [
    { type: "PodReadyToStartContainers", status: bool(runtime.ready && runtime.over === undefined) },
    { type: "Initialized", ...initialized },
    { type: "Ready", ...ready },
    { type: "ContainersReady", ...ready },
  ];
  const scheduled = before.filter(({ type }) => type === "PodScheduled");
  const foreign = before.filter(({ type }) => type !== "PodScheduled" && !own.some((mine) => mine.type === type));
  const written = own.map((condition): PodCondition => {
    const old = before.find(({ type }) => type === condition.type);
    const unchanged = old?.status === condition.status ? old.lastTransitionTime : undefined;
    return { ...condition, ...observed(pod), lastTransitionTime: unchanged ?? timestamp(now) };
  });
  return [...foreign, ...written, ...scheduled.map((condition) => ({ ...condition, ...observed(pod) }))];
}

const observed = (pod: Pod): { observedGeneration?: number } =>
  pod.metadata.generation === undefined ? {} : { observedGeneration: pod.metadata.generation };

const bool = (value: boolean): "True" | "False" => (value ? "True" : "False");

interface Verdict {
  readonly status: "True" | "False";
  readonly reason?: string;
  readonly message?: string;
}

function initializedOf(pod: Pod, runtime: PodRuntime): Verdict {
  const { initContainers = [] } = pod.spec;
  const incomplete = runtime.init.map((state, index) => {
    if (isSidecar(initContainers[index])) return state.kind === "waiting";
    return !(state.kind === "terminated" && state.exitCode === 0);
  });
  if (incomplete.includes(true)) {
    const message = `containers with incomplete status: ${names(pod.spec.initContainers, incomplete)}`;
    return { status: "False", reason: "ContainersNotInitialized", message };
  }
  return outcome(pod, runtime) === "PodCompleted" ? { status: "True", reason: "PodCompleted" } : { status: "True" };
}

function readyOf(pod: Pod, runtime: PodRuntime): Verdict {
  const reason = outcome(pod, runtime);
  if (reason !== undefined) return { status: "False", reason };
  const unready = runtime.main.map((state) => state.kind !== "running");
  if (!unready.includes(true)) return { status: "True" };
  const message = `containers with unready status: ${names(pod.spec.containers, unready)}`;
  return { status: "False", reason: "ContainersNotReady", message };
}

/** What the pod comes to, known before its phase says so. */
function outcome({ spec }: Pod, { init, main, failing }: PodRuntime): "PodCompleted" | "PodFailed" | undefined {
  if (failing !== undefined) return "PodFailed";
  const proper = init.filter((_, index) => !isSidecar(spec.initContainers?.[index]));
  if (proper.some((state) => state.kind === "terminated" && state.exitCode !== 0)) return "PodFailed";
  const ends = main.filter((state) => state.kind === "terminated");
  if (ends.length < main.length || ends.some(({ id }) => id === undefined)) return undefined;
  return ends.every(({ exitCode }) => exitCode === 0) ? "PodCompleted" : "PodFailed";
}

function names(containers: readonly Container[] | undefined, marks: readonly boolean[]): string {
  const marked = (containers ?? []).filter((_, index) => marks[index]).map(({ name }) => name);
  return `[${marked.join(" ")}]`;
}

function statuses(
  containers: readonly Container[] = [],
  states: readonly ContainerState[],
  restarts: Restarts = new Map(),
): ContainerStatus[] {
  return containers.map(({ name, image = "" }, index) => {
    const state = states[index] ?? { kind: "waiting", reason: "ContainerCreating" };
    const id = state.kind === "waiting" ? undefined : state.id;
    const restarted = restarts.get(name);
    return {
      name,
      state: stateOf(state),
      lastState: restarted === undefined ? {} : stateOf(restarted.last),
      ready: state.kind === "running",
      restartCount: restarted?.count ?? 0,
      image,
      imageID: id === undefined ? "" : `sha256:${createHash("sha256").update(image).digest("hex")}`,
      ...(id === undefined ? {} : { containerID: `containerd://${id}` }),
      started: state.kind === "running",
    };
  });
}

function stateOf(state: ContainerState): ContainerStatus["state"] & object {
  switch (state.kind) {
    case "waiting": {
      const { reason, message } = state;
      return { waiting: message === undefined ? { reason } : { reason, message } };
    }
    case "running":
      return { running: { startedAt: timestamp(state.startedAt) } };
    case "terminated": {
      const { exitCode, reason, message, startedAt, finishedAt, id } = state;
      return {
        terminated: {
          exitCode,
          reason,
          ...(message === undefined || message === "" ? {} : { message }),
          // A real API server writes null here; the type knows only text.
          startedAt: (startedAt === null ? null : timestamp(startedAt)) as string,
          finishedAt: (finishedAt === null ? null : timestamp(finishedAt)) as string,
          ...(id === undefined ? {} : { containerID: `containerd://${id}` }),
        },
      };
    }
  }
}
