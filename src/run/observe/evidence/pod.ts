import type { ContainerStatus, Pod } from "kubernetes-types/core/v1";
import type { ObjectMeta } from "kubernetes-types/meta/v1";
import { RECORDER } from "../../shared/names.ts";
import type { RunFacts } from "../../shared/run-terms.ts";
import { type Condition, memoryLimit, type Presence, readConditions } from "./job.ts";

export interface Terminated {
  readonly exitCode: number;
  /** Number of the signal; the container runtimes in use leave it out and give 128+n as exit code. */
  readonly signal: number | null;
  /** `Completed`, `Error`, `OOMKilled`, `StartError`, `ContainerStatusUnknown`, … */
  readonly reason: string;
  /** The termination message: our seal, or what another program or the runtime wrote. */
  readonly message: string;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  /** When the adapter first saw it. */
  readonly seenAt: number;
}

export interface ContainerFacts {
  readonly name: string;
  readonly init: boolean;
  /** `unknown`: the pod has no status for it. */
  readonly state: "unknown" | "waiting" | "running" | "terminated";
  readonly waiting: { readonly reason: string; readonly message: string } | null;
  /** The first real end: a later `ContainerStatusUnknown` does not replace it. */
  readonly terminated: Terminated | null;
  /** True once the container was seen running, or ended after a real start. */
  readonly ran: boolean;
}

/** The container that keeps the record. It is a sidecar: the kubelet starts it again when it ends too early. */
export interface RecorderFacts extends ContainerFacts {
  /** `terminated` is the end of the first one, which alone recorded; this one, if it runs, does not. */
  readonly restarted: boolean;
}

export interface PodFacts {
  readonly name: string;
  readonly uid: string;
  /** Number of pods of this Job seen so far: more than one means that the cluster replaced one. */
  readonly ordinal: number;
  readonly createdAt: string | null;
  readonly presence: Presence;
  readonly endedAt: number | null;
  /**
   * When the deletion was asked for, by the cluster's clock: `deletionTimestamp` is that moment plus the grace period,
   * and the kubelet overwrites both when the containers have ended, so the earliest value counts.
   */
  readonly deletionAskedAt: string | null;
  readonly phase: string;
  /** `status.reason`: `Evicted`, `DeadlineExceeded`, `NodeLost`, … */
  readonly reason: string;
  readonly message: string;
  readonly node: string | null;
  readonly conditions: readonly Condition[];
  /** Memory limit of the agent's container, as admitted, such as `8Gi`; null: none, or not known. */
  readonly memoryLimit: string | null;
  readonly agent: ContainerFacts;
  /** Null: the agent's container keeps the record itself. */
  readonly recorder: RecorderFacts | null;
  /** Every other container that has a status: init containers and sidecars. */
  readonly others: readonly ContainerFacts[];
  /**
   * The first reason to wait that is more than ordinary creation, of the agent's container or one before it: the cluster
   * overwrites it later (measured on 1.36).
   */
  readonly firstWaiting: {
    readonly container: string;
    readonly init: boolean;
    readonly reason: string;
    readonly message: string;
  } | null;
}

/** Waiting reasons of a pod that is simply on its way. */
const ORDINARY = new Set(["", "ContainerCreating", "PodInitializing"]);

export function readPod(before: PodFacts | null, pod: Pod, run: RunFacts, deleted: boolean, at: number): PodFacts {
  const { container } = run;
  const meta = pod.metadata ?? {};
  const status = pod.status ?? {};
  const uid = meta.uid ?? "";
  const same = before?.uid === uid ? before : null;
  const main = readContainers(same, status.containerStatuses, false, at);
  const inits = readContainers(same, status.initContainerStatuses, true, at);
  const known = [...main, ...inits];
  const agent = main.find((facts) => facts.name === container) ?? same?.agent ?? unknownContainer(container);
  const ended = deleted || same?.presence === "deleted";
  return {
    name: meta.name ?? "",
    uid,
    ordinal: same ? same.ordinal : (before?.ordinal ?? 0) + 1,
    createdAt: meta.creationTimestamp ?? same?.createdAt ?? null,
    presence: ended ? "deleted" : "present",
    endedAt: ended ? (same?.endedAt ?? at) : null,
    deletionAskedAt: earliest(same?.deletionAskedAt ?? null, deletionAskedAt(meta)),
    phase: status.phase ?? same?.phase ?? "Unknown",
    reason: status.reason ?? same?.reason ?? "",
    message: status.message ?? same?.message ?? "",
    node: pod.spec?.nodeName ?? same?.node ?? null,
    conditions: readConditions(same?.conditions ?? [], status.conditions),
    memoryLimit: memoryLimit(pod.spec, container) ?? same?.memoryLimit ?? null,
    agent,
    recorder: run.recorder ? readRecorder(same?.recorder ?? null, status.initContainerStatuses, at) : null,
    others:
      known.length === 0 ? (same?.others ?? []) : known.filter((facts) => facts !== agent && !isRecorder(facts, run)),
    firstWaiting: same?.firstWaiting ?? firstWaiting([...inits, agent]),
  };
}

function deletionAskedAt(meta: ObjectMeta): string | null {
  const asked = new Date(Date.parse(meta.deletionTimestamp ?? "") - (meta.deletionGracePeriodSeconds ?? 0) * 1000);
  return Number.isNaN(asked.getTime()) ? null : asked.toISOString();
}

function earliest(one: string | null, other: string | null): string | null {
  return one !== null && (other === null || one <= other) ? one : other;
}

function readContainers(
  before: PodFacts | null,
  statuses: readonly ContainerStatus[] | undefined,
  init: boolean,
  at: number,
): ContainerFacts[] {
  const known = before ? [before.agent, ...before.others] : [];
  return (statuses ?? []).map((status) => {
    const old = known.find((facts) => facts.name === status.name && facts.init === init);
    return readContainer(old ?? { ...unknownContainer(status.name), init }, status, at);
  });
}

const isRecorder = ({ name, init }: ContainerFacts, run: RunFacts): boolean =>
  run.recorder !== undefined && init && name === RECORDER;

function readRecorder(
  before: RecorderFacts | null,
  statuses: readonly ContainerStatus[] | undefined,
  at: number,
): RecorderFacts {
  const old = before ?? { ...unknownContainer(RECORDER), init: true, restarted: false };
  const status = statuses?.find(({ name }) => name === RECORDER);
  if (!status) return old;
  const { lastState, restartCount = 0 } = status;
  const first = lastState?.terminated ? readContainer(old, { ...status, state: lastState }, at) : old;
  return { ...readContainer(first, status, at), restarted: old.restarted || restartCount > 0 };
}

function readContainer(before: ContainerFacts, status: ContainerStatus, at: number): ContainerFacts {
  const { waiting, running, terminated } = status.state ?? {};
  const end = terminated
    ? {
        exitCode: terminated.exitCode ?? 0,
        signal: terminated.signal || null,
        reason: terminated.reason ?? "",
        message: terminated.message ?? "",
        startedAt: terminated.startedAt ?? null,
        finishedAt: terminated.finishedAt ?? null,
        seenAt: at,
      }
    : null;
  return {
    ...before,
    state: terminated ? "terminated" : running ? "running" : waiting ? "waiting" : "unknown",
    waiting: waiting ? { reason: waiting.reason ?? "", message: waiting.message ?? "" } : before.waiting,
    terminated: latchEnd(before.terminated, end),
    ran: before.ran || running !== undefined || (end !== null && reallyStarted(end)),
  };
}

function latchEnd(before: Terminated | null, now: Terminated | null): Terminated | null {
  if (!before || !now) return before ?? now;
  return before.reason === "ContainerStatusUnknown" && now.reason !== "ContainerStatusUnknown" ? now : before;
}

/** A start that failed carries the epoch as its start (measured: StartError); a pod that never ran carries none. */
function reallyStarted(end: Terminated): boolean {
  return end.startedAt !== null && Date.parse(end.startedAt) > 0;
}

function unknownContainer(name: string): ContainerFacts {
  return { name, init: false, state: "unknown", waiting: null, terminated: null, ran: false };
}

function firstWaiting(containers: readonly ContainerFacts[]): PodFacts["firstWaiting"] {
  for (const { name, init, state, waiting } of containers) {
    if (state === "waiting" && waiting && !ORDINARY.has(waiting.reason)) return { container: name, init, ...waiting };
  }
  return null;
}
