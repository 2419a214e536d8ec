/** Labels, annotations and finalizers of Kueue [measured on 0.19.2]. */
export const QUEUE_LABEL = "kueue.x-k8s.io/queue-name";
export const PRIORITY_LABEL = "kueue.x-k8s.io/priority-class";
export const MAX_EXEC_TIME_LABEL = "kueue.x-k8s.io/max-exec-time-seconds";
export const JOB_UID_LABEL = "kueue.x-k8s.io/job-uid";
export const GATE_ANNOTATION = "kueue.x-k8s.io/admission-gated-by";
export const STOPPING_ANNOTATION = "kueue.x-k8s.io/stopping";
export const WORKLOAD_ANNOTATION = "kueue.x-k8s.io/workload";
export const IN_USE_FINALIZER = "kueue.x-k8s.io/resource-in-use";
export const DEFAULT_QUEUE = "default";

/** What Kueue writes into a Job's pod template at its start, and takes out at each stop. */
export const templateLabels = (localQueue: string, clusterQueue: string): Readonly<Record<string, string>> => ({
  "kueue.x-k8s.io/cluster-queue-name": clusterQueue,
  "kueue.x-k8s.io/local-queue-name": localQueue,
  "kueue.x-k8s.io/podset": "main",
});
