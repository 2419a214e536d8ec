import type { Job } from "../controllers/objects.ts";
import { PRIORITY_LABEL, QUEUE_LABEL } from "./names.ts";

/** What the controller remembers of a labelled Job, beside its Workload. */
export interface Entry {
  job: Job;
  readonly arrivedAt: number;
  phase: "pending" | "admitted" | "evicting" | "deactivated" | "finished";
  admittedAt: number;
  /** Milliseconds that earlier starts took, for the limit on execution time. */
  ranMs: number;
  clusterQueue: string;
  /** Why it is being evicted. */
  eviction: Eviction | null;
}

export interface Eviction {
  readonly reason: string;
  readonly message: string;
  /** It does not come back by itself. */
  readonly deactivates: boolean;
}

export const newEntry = (job: Job, arrivedAt: number): Entry => ({
  job,
  arrivedAt,
  phase: "pending",
  admittedAt: 0,
  ranMs: 0,
  clusterQueue: "",
  eviction: null,
});

export const queueName = ({ metadata }: Job): string => metadata.labels?.[QUEUE_LABEL] ?? "";
export const priorityClassOf = ({ metadata }: Job): string => metadata.labels?.[PRIORITY_LABEL] ?? "";
