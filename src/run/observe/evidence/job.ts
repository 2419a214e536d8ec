import type { Job } from "kubernetes-types/batch/v1";
import type { PodSpec } from "kubernetes-types/core/v1";
import { queueOf } from "../../shared/kueue.ts";
import { ANNOTATIONS } from "../../shared/names.ts";

/** One condition of a Job or a pod that is or was True or False. */
export interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
  /** The cluster's stamp. */
  readonly at: string | null;
}

/**
 * `present` it was there when last observed; `deleted` the watch reported it, with its last state; `gone` a request found
 * nothing (404), and its deletion was not observed.
 */
export type Presence = "present" | "deleted" | "gone";

export interface JobFacts {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  readonly presence: Presence;
  /** When it was first seen deleted or gone. */
  readonly endedAt: number | null;
  /** The cluster's stamp of the request to delete it, the earliest sign of a deletion. */
  readonly deletionTimestamp: string | null;
  readonly finalizers: readonly string[];
  readonly suspended: boolean;
  /** The LocalQueue of Kueue that has it, whose `suspended` is then; null: none does. */
  readonly queue: string | null;
  /** Memory limit that it asks for its agent's container; admission may give the pod another. */
  readonly memoryLimit: string | null;
  /** Why an adapter stopped the run, as it noted on the Job before it may have died itself; null: none did. */
  readonly stoppedBecause: string | null;
  /** Pods that run, wait or are being deleted: `status.active` and `status.terminating`. */
  readonly activePods: number;
  /** True once its controller counted a pod of any state. */
  readonly hadPods: boolean;
  /** Every condition ever seen, newest state of each type. */
  readonly conditions: readonly Condition[];
}

/** Reads a Job; `before` keeps what the newer object no longer has. */
export function readJob(before: JobFacts | null, job: Job, container: string, deleted: boolean, at: number): JobFacts {
  const meta = job.metadata ?? {};
  const { active = 0, terminating = 0, failed = 0, succeeded = 0 } = job.status ?? {};
  const ended = deleted || before?.presence === "deleted";
  return {
    name: meta.name ?? "",
    namespace: meta.namespace ?? "",
    uid: meta.uid ?? "",
    presence: ended ? "deleted" : "present",
    endedAt: ended ? (before?.endedAt ?? at) : null,
    deletionTimestamp: meta.deletionTimestamp ?? before?.deletionTimestamp ?? null,
    finalizers: meta.finalizers ?? [],
    suspended: job.spec?.suspend ?? false,
    queue: queueOf(job),
    memoryLimit: memoryLimit(job.spec?.template.spec, container),
    stoppedBecause: meta.annotations?.[ANNOTATIONS.stopped] ?? before?.stoppedBecause ?? null,
    activePods: active + terminating,
    hadPods: before?.hadPods === true || active + terminating + failed + succeeded > 0,
    conditions: readConditions(before?.conditions ?? [], job.status?.conditions),
  };
}

/** Of the container with this name, in a pod or in the template of one. */
export function memoryLimit(spec: PodSpec | undefined, container: string): string | null {
  return spec?.containers.find(({ name }) => name === container)?.resources?.limits?.memory ?? null;
}

interface RawCondition {
  readonly type?: string;
  readonly status?: string;
  readonly reason?: string;
  readonly message?: string;
  readonly lastTransitionTime?: string;
}

export function readConditions(
  before: readonly Condition[],
  raw: readonly RawCondition[] | undefined,
): readonly Condition[] {
  const now = (raw ?? []).map((condition) => ({
    type: condition.type ?? "",
    status: condition.status ?? "",
    reason: condition.reason ?? "",
    message: condition.message ?? "",
    at: condition.lastTransitionTime ?? null,
  }));
  const dropped = before.filter((old) => !now.some((condition) => condition.type === old.type));
  return [...dropped, ...now];
}

/** The condition of that type, if it is True. */
export function trueCondition(conditions: readonly Condition[], type: string): Condition | null {
  return conditions.find((condition) => condition.type === type && condition.status === "True") ?? null;
}
