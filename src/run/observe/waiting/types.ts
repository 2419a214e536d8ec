export type WaitingState =
  /** The Job is held back: created suspended, or suspended by somebody. */
  | "suspended"
  /** It waits in a queue (Kueue). */
  | "queued"
  /** No pod yet, and nothing says why. */
  | "no-pod"
  /** The pod was refused: a quota has no room. */
  | "quota"
  /** The pod was refused: Pod Security, a webhook, a missing ServiceAccount, a limit range. */
  | "admission"
  | "unscheduled"
  | "creating"
  | "mount"
  | "pulling"
  | "image-error"
  | "config-error"
  /** Init containers run. */
  | "initializing"
  /** The agent's container runs, or has run. */
  | "ready"
  /** The pod ended before the agent's container could run. */
  | "failed"
  /** The pod is being deleted, or is gone. */
  | "gone";

/** How long the cause of a wait is tolerated: see the limits in launch/await-start.ts. */
export type Patience =
  /** Only time is needed: a node, a pull, a quota. */
  | "time"
  /** A queue has it: its turn comes, or its operator has to act. */
  | "queue"
  /** Trouble, which the cluster tries to get over by itself: a volume, the network, a registry. It may heal. */
  | "retried"
  /** Trouble that names an object which is not there: somebody has to make it. */
  | "missing-object"
  /** Waiting does not help. */
  | "fatal";

/** What a pod that does not run yet waits for. */
export interface Waiting {
  readonly state: WaitingState;
  /** The cluster's reason, such as `ImagePullBackOff`. */
  readonly reason: string;
  /** The message of scheduler, registry or kubelet; may be empty. */
  readonly message: string;
  /** What a person can do; null when there is nothing to do. */
  readonly fix: string | null;
  readonly patience: Patience;
}
