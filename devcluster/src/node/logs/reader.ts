import type { ContainerState } from "kubernetes-types/core/v1";
import { ApiError } from "../../api/api-error.ts";
import type { Pod } from "../../controllers/objects.ts";
import type { Clock, KubeObject, LogOptions, LogReader } from "../../types.ts";
import type { ContainerLog } from "./container-log.ts";
import type { ReadOptions } from "./read.ts";

/** The logs of the node's containers: pod uid → container → log. */
export class LogRegistry<Log = ContainerLog> {
  readonly #logs = new Map<string, Map<string, Log>>();
  readonly #previous = new Map<string, Map<string, Log>>();
  readonly #removed = new Set<string>();

  add(pod: string, container: string, log: Log): void {
    const logs = this.#logs.get(pod) ?? new Map<string, Log>();
    const before = logs.get(container);
    const previous = this.#previous.get(pod) ?? new Map<string, Log>();
    if (before !== undefined) this.#previous.set(pod, previous.set(container, before));
    this.#logs.set(pod, logs.set(container, log));
  }

  /** The log of the container that ran before this one was started again. */
  findPrevious(pod: string, container: string): Log | undefined {
    return this.#previous.get(pod)?.get(container);
  }

  find(pod: string, container: string): Log | undefined {
    return this.#logs.get(pod)?.get(container);
  }

  of(pod: string): Log[] {
    return [...(this.#logs.get(pod)?.values() ?? [])];
  }

  all(): Log[] {
    return [...this.#logs.values()].flatMap((logs) => [...logs.values()]);
  }

  forget(pod: string): void {
    this.#logs.delete(pod);
    this.#previous.delete(pod);
    this.#removed.delete(pod);
  }

  /** The containers and their files are gone, and the pod is not. */
  markRemoved(pod: string): void {
    this.#removed.add(pod);
  }

  isRemoved(pod: string): boolean {
    return this.#removed.has(pod);
  }
}

export interface LogReaderOptions<Log> {
  readonly registry: LogRegistry<Log>;
  /** What of a log is sent, as the kubelet does. */
  readonly read: (log: Log, options: ReadOptions, signal: AbortSignal) => AsyncIterable<Uint8Array>;
  readonly clock: Clock;
  /** See Timings. */
  readonly followEnd: number;
}

/** Answers `pods/log` from the node's logs; refusals measured on 1.36. */
export function createLogReader<Log>({ registry, read, clock, followEnd }: LogReaderOptions<Log>): LogReader {
  return {
    async open(object: KubeObject, container: string, options: LogOptions, signal: AbortSignal) {
      const pod = object as Pod;
      if (pod.spec.nodeName === undefined) return nothing();
      const state = stateOf(pod, container);
      const previous = options.previous ? registry.findPrevious(pod.metadata.uid, container) : undefined;
      if (options.previous && previous === undefined) {
        throw badRequest(`previous terminated container "${container}" in pod "${pod.metadata.name}" not found`);
      }
      if (registry.isRemoved(pod.metadata.uid)) return unavailable(state);
      const log = previous ?? registry.find(pod.metadata.uid, container);
      if (log === undefined) throw badRequest(waitingText(pod, container, state));
      const { follow, timestamps, tailLines, limitBytes, sinceSeconds } = options;
      const since = sinceSeconds === undefined ? options.sinceTime : Math.floor(clock() / 1000) - sinceSeconds;
      const query = {
        follow,
        timestamps,
        followEnd,
        ...(since === undefined ? {} : { since }),
        ...(tailLines === undefined ? {} : { tailLines }),
        ...(limitBytes === undefined ? {} : { limitBytes }),
      };
      return read(log, query, signal);
    },
  };
}

/** The kubelet's text in place of a log, however often it is asked; neither stamp nor newline (measured). */
async function* unavailable(state: ContainerState | undefined): AsyncGenerator<Uint8Array> {
  yield Buffer.from(`unable to retrieve container logs for ${state?.terminated?.containerID ?? ""}`);
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

function stateOf(pod: Pod, container: string): ContainerState | undefined {
  const { containers, initContainers = [], ephemeralContainers = [] } = pod.spec;
  if (![...containers, ...initContainers, ...ephemeralContainers].some(({ name }) => name === container)) {
    throw badRequest(`container ${container} is not valid for pod ${pod.metadata.name}`);
  }
  const { containerStatuses = [], initContainerStatuses = [], ephemeralContainerStatuses = [] } = pod.status ?? {};
  const statuses = [...containerStatuses, ...initContainerStatuses, ...ephemeralContainerStatuses];
  return statuses.find(({ name }) => name === container)?.state;
}

function waitingText(pod: Pod, container: string, state: ContainerState | undefined): string {
  const subject = `container "${container}" in pod "${pod.metadata.name}"`;
  if (state?.terminated !== undefined) return `${subject} is terminated`;
  const reason = state?.waiting?.reason ?? "ContainerCreating";
  const pulling = reason === "ErrImagePull" || reason === "ImagePullBackOff";
  return `${subject} is waiting to start: ${pulling ? "image can't be pulled" : reason}`;
}

function badRequest(message: string): ApiError {
  return new ApiError(400, "BadRequest", message);
}
