import type { Seal } from "../../../runner/seal.ts";

/**
 * `gone`: the pod object is no more; an open stream may outlive it (measured: by 4 ms and its buffers). `evicted`: the
 * node ended the pod and removed its containers with their logs; the pod object stays (measured on 1.36). `left`: the node
 * ended it because it shuts down, and the log goes with it.
 */
export type ContainerState = "waiting" | "running" | "terminated" | "evicted" | "left" | "gone";

/** What the observer of the cluster knows about the container whose log is followed. */
export interface ContainerView {
  state(): ContainerState;
  /** Resolves at the next change of what `state` or `seal` say; may reject when the signal aborts. */
  changed(signal: AbortSignal): Promise<void>;
  /** The seal of a container that ended; null when it left none, or not yet. */
  seal(): Seal | null;
}

export function hasEnded(state: ContainerState): boolean {
  return state !== "waiting" && state !== "running";
}
