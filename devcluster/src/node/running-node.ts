import type { Executor, LogReader } from "../types.ts";

export interface PodName {
  readonly namespace: string;
  readonly name: string;
}

/** What the control plane needs of whatever runs the pods. */
export interface PodRunner {
  readonly name: string;
  readonly logs: LogReader;
  /** Runs programs beside those of the containers. */
  readonly executor: Executor;
  /** Ends everything it runs. */
  stop(): Promise<void>;
}

export interface RunningNode extends PodRunner {
  /**
   * Fault: the memory limit strikes. `child` kills only the largest process besides the first, as cgroup v1 does; the
   * container is told OOMKilled in both cases. `container` is the one that was started first where nothing is said.
   */
  oomKill(pod: PodName, options?: { readonly child?: boolean; readonly container?: string }): Promise<void>;
  /** Fault: the log files of the pod's containers are rotated now, whatever their size. */
  rotate(pod: PodName): Promise<void>;
  /** Fault: the node is cut off: its processes die, open follows stall, its pods keep the last status they had. */
  lose(): Promise<void>;
  /**
   * Fault: the node evicts the pod for what it takes. Its containers and logs are gone at once, the object stays. `under` is
   * the node's own pressure, which is told as a disruption.
   */
  evict(pod: PodName, message: string, options?: { readonly under?: "pressure" }): Promise<void>;
  /** Fault: the kubelet hears and tells nothing for a while; what runs on the node goes on. */
  disconnect(): void;
  /** The kubelet is back: it tells what has happened, and carries out what was asked meanwhile. */
  reconnect(): void;
  /** Kills every process and removes every file. */
  stop(): Promise<void>;
}
