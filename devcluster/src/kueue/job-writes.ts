/** What Kueue writes into Jobs. */
import type { Job } from "../controllers/objects.ts";
import type { Store } from "../types.ts";
import { STOPPING_ANNOTATION, templateLabels, WORKLOAD_ANNOTATION } from "./names.ts";

const OWN_LABELS = Object.keys(templateLabels("", ""));

function write(store: Store, job: Job, change: (draft: Job) => void): void {
  store.mutate<Job>("jobs", job.metadata.namespace, job.metadata.name, (draft) => {
    if (draft.metadata.uid !== job.metadata.uid) return;
    change(draft);
    draft.metadata.generation = (draft.metadata.generation ?? 0) + 1;
  });
}

export function admitJob(store: Store, job: Job, localQueue: string, clusterQueue: string, workload: string): void {
  write(store, job, (draft) => {
    const { template } = draft.spec;
    template.metadata = {
      ...template.metadata,
      labels: { ...template.metadata?.labels, ...templateLabels(localQueue, clusterQueue) },
      annotations: { ...template.metadata?.annotations, [WORKLOAD_ANNOTATION]: workload },
    };
    draft.spec.suspend = false;
  });
}

/** Undoes a client's suspension. */
export function resumeJob(store: Store, job: Job): void {
  write(store, job, (draft) => {
    draft.spec.suspend = false;
  });
}

/** The annotation comes with the suspension, and the start is forgotten. */
export function evictJob(store: Store, job: Job): void {
  write(store, job, (draft) => {
    draft.spec.suspend = true;
    draft.metadata.annotations = { ...draft.metadata.annotations, [STOPPING_ANNOTATION]: "true" };
    const { startTime: _, ...status } = draft.status ?? {};
    draft.status = status;
  });
}

/** Its pod is counted no more: the annotation goes, and what was written into its template. */
export function settleJob(store: Store, job: Job): void {
  write(store, job, (draft) => {
    const { [STOPPING_ANNOTATION]: _, ...annotations } = draft.metadata.annotations ?? {};
    draft.metadata.annotations = annotations;
    const { metadata } = draft.spec.template;
    for (const label of OWN_LABELS) delete metadata?.labels?.[label];
    delete metadata?.annotations?.[WORKLOAD_ANNOTATION];
  });
}
