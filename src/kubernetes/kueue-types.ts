/** Kueue's kinds, as far as a client of it looks at them (kueue.x-k8s.io, 0.19). All are read by optional rights. */
import type { KubeObject, ResourceType } from "./resource-types.ts";

export interface KueueCondition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
}

export interface Workload extends KubeObject {
  readonly spec?: { readonly active?: boolean };
  readonly status?: { readonly conditions?: readonly KueueCondition[] };
}

export interface LocalQueue extends KubeObject {
  readonly spec?: { readonly clusterQueue?: string; readonly stopPolicy?: string };
  readonly status?: { readonly conditions?: readonly KueueCondition[] };
}

export interface PendingWorkloads extends KubeObject {
  readonly items?: readonly (KubeObject & { readonly positionInLocalQueue?: number })[];
}

/** Newest first: v1beta2 since Kueue 0.15, which serves v1beta1 too. */
export const KUEUE_VERSIONS = ["v1beta2", "v1beta1"] as const;
export type KueueVersion = (typeof KUEUE_VERSIONS)[number];

/** On a Workload: the uid of the Job that it is of. */
export const JOB_UID_LABEL = "kueue.x-k8s.io/job-uid";

const kueue = { group: "kueue.x-k8s.io", namespaced: true } as const;

export const workloads = (version: KueueVersion): ResourceType<Workload> => ({
  ...{ ...kueue, version },
  ...{ plural: "workloads", kind: "Workload" },
});

export const localQueues = (version: KueueVersion): ResourceType<LocalQueue> => ({
  ...{ ...kueue, version },
  ...{ plural: "localqueues", kind: "LocalQueue" },
});

/** Of a LocalQueue, by its name: those that wait, first come first. */
export const pendingWorkloads = (version: KueueVersion): ResourceType<PendingWorkloads> => ({
  ...{ group: "visibility.kueue.x-k8s.io", version, namespaced: true },
  ...{ plural: "localqueues", subresource: "pendingworkloads", kind: "PendingWorkloadsSummary" },
});
