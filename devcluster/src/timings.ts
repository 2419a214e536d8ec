/**
 * How long the moving parts of a cluster take, in milliseconds. A real cluster is slow in a way that matters: a container
 * that has ended is "Running" for a while, a Job learns of it a second later, a follow ends a second after the exit.
 */
export interface Timings {
  /** Pod created → bound to a node. */
  readonly schedule: number;
  /** Pod bound → first status by the kubelet (ContainerCreating). */
  readonly podSeen: number;
  /** First status → sandbox ready, images looked at. */
  readonly sandbox: number;
  /** Sandbox ready → container created. */
  readonly createContainer: number;
  /** Container created → process started, told as Running. */
  readonly startContainer: number;
  /** Process ended → `terminated` in the status, the phase still Running. */
  readonly exitSeen: number;
  /** `terminated` in the status → phase Succeeded or Failed. */
  readonly phaseSeen: number;
  /** Process ended after the kubelet killed it → `terminated` and phase Failed in one. */
  readonly killSeen: number;
  /** The last status of a deleted pod → the object is removed. */
  readonly podRemoved: number;
  /** The first retry of a container that cannot be created; what went wrong reaches the status only then. */
  readonly firstRetry: number;
  /** Every later retry. */
  readonly retry: number;
  /** Image pull back-off, doubled up to 30 times itself. */
  readonly imageBackoff: number;
  /** The first retry of a volume that cannot be mounted, doubled up to 244 times itself. */
  readonly mountBackoff: number;
  /** A Secret or ConfigMap changed → the pods that mount it see it. */
  readonly volumeRefresh: number;
  /** A follow ends this long after the exit. */
  readonly followEnd: number;
  /**
   * Between looks at the size of the log files. Not shortened as much as the others: at a tenth of it, a burst of 20 MB
   * would be rotated twice while its reader is held up, which a real node's 10 s exclude.
   */
  readonly rotationCheck: number;
  /** Pod or Job changed → the Job controller looks. */
  readonly jobSync: number;
  /** Before the Job controller replaces a failed pod, doubled up to 60 times itself. */
  readonly jobBackoff: number;
  /** An owner went away → its dependents are deleted. */
  readonly garbageCollector: number;
  /** Between rounds of the pod garbage collector. */
  readonly podGarbageCollector: number;
}

/** Medians measured on Kubernetes 1.36.2 with containerd 2.1.9. */
export const measuredTimings: Timings = {
  schedule: 10,
  podSeen: 20,
  sandbox: 500,
  createContainer: 15,
  startContainer: 120,
  exitSeen: 690,
  phaseSeen: 1200,
  killSeen: 250,
  podRemoved: 650,
  firstRetry: 550,
  retry: 12_000,
  imageBackoff: 10_000,
  mountBackoff: 500,
  // Not measured: the kubelet's documented round of a minute, spread by up to a half.
  volumeRefresh: 75_000,
  followEnd: 1010,
  rotationCheck: 10_000,
  jobSync: 1000,
  jobBackoff: 10_000,
  garbageCollector: 20,
  podGarbageCollector: 20_000,
};

/** The same order of things without the waiting, for tests. */
export const fastTimings: Timings = {
  schedule: 1,
  podSeen: 1,
  sandbox: 5,
  createContainer: 1,
  startContainer: 1,
  exitSeen: 10,
  phaseSeen: 30,
  killSeen: 5,
  podRemoved: 30,
  firstRetry: 20,
  retry: 60,
  imageBackoff: 50,
  mountBackoff: 20,
  volumeRefresh: 100,
  followEnd: 20,
  rotationCheck: 2_000,
  jobSync: 10,
  jobBackoff: 100,
  garbageCollector: 2,
  podGarbageCollector: 100,
};
