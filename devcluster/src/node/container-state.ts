/** One container's life as the kubelet sees it; times in milliseconds since 1970. */
export type ContainerState = Waiting | Running | Terminated;

export interface Waiting {
  readonly kind: "waiting";
  readonly reason: string;
  readonly message?: string;
}

export interface Running {
  readonly kind: "running";
  readonly id: string;
  readonly startedAt: number;
}

export interface Terminated {
  readonly kind: "terminated";
  /** Undefined for a container that never was. */
  readonly id?: string;
  readonly exitCode: number;
  readonly reason: string;
  readonly message?: string;
  /** null: never started, or nobody knows. */
  readonly startedAt: number | null;
  readonly finishedAt: number | null;
}

/** A container that could not start says 1970 (measured: StartError). */
export const NEVER_STARTED = 0;

/** What is written of a container that the kubelet was told to end before it ran (measured). */
export const NOT_LOCATED: Terminated = {
  kind: "terminated",
  exitCode: 137,
  reason: "ContainerStatusUnknown",
  message: "The container could not be located when the pod was terminated",
  startedAt: null,
  finishedAt: null,
};

/** By name, the containers that were started again. */
export type Restarts = ReadonlyMap<string, { readonly count: number; readonly last: Terminated }>;
