import type { Job } from "../objects.ts";

/** While a pod carries it, the Job has not yet counted how the pod ended. */
export const TRACKING_FINALIZER = "batch.kubernetes.io/job-tracking";

/** A new pod of the Job; the API server completes its name. */
export function podOf(job: Job): object {
  const { name, namespace, uid } = job.metadata;
  const { metadata, spec } = job.spec.template;
  return {
    metadata: {
      generateName: `${name}-`,
      namespace,
      labels: {
        ...metadata?.labels,
        "batch.kubernetes.io/controller-uid": uid,
        "batch.kubernetes.io/job-name": name,
        "controller-uid": uid,
        "job-name": name,
      },
      ...(metadata?.annotations === undefined ? {} : { annotations: metadata.annotations }),
      finalizers: [...(metadata?.finalizers ?? []), TRACKING_FINALIZER],
      ownerReferences: [{ apiVersion: "batch/v1", kind: "Job", name, uid, controller: true, blockOwnerDeletion: true }],
    },
    spec,
  };
}
