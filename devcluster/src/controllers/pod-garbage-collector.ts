import type { Timings } from "../timings.ts";
import type { Clock, Store } from "../types.ts";
import { hasEnded, type Pod, timestamp } from "./objects.ts";

/**
 * Ends pods that no kubelet will end: those deleted before they had a node, and those whose node is gone. It looks at
 * fixed intervals, so such a pod lingers for some seconds (measured: 3 s by chance, 20 s at most).
 */
export function startPodGarbageCollector(store: Store, options: { clock: Clock; timings: Timings }): () => void {
  const timer = setInterval(() => {
    for (const pod of store.list<Pod>("pods")) {
      const { nodeName } = pod.spec;
      if (nodeName !== undefined && store.get("nodes", "", nodeName) === undefined) {
        fail(store, pod, orphaned(pod, options.clock()));
      } else if (nodeName === undefined && pod.metadata.deletionTimestamp !== undefined) {
        fail(store, pod, () => {});
      }
    }
  }, options.timings.podGarbageCollector);
  return () => clearInterval(timer);
}

function fail(store: Store, pod: Pod, also: (draft: Pod) => void): void {
  const { namespace, name, uid } = pod.metadata;
  if (!hasEnded(pod)) {
    store.mutate<Pod>("pods", namespace, name, (draft) => {
      draft.status = { ...draft.status, phase: "Failed" };
      also(draft);
    });
  }
  store.delete("pods", namespace, name, { gracePeriodSeconds: 0, preconditions: { uid } });
}

function orphaned(pod: Pod, now: number): (draft: Pod) => void {
  const others = pod.status?.conditions?.filter(({ type }) => type !== "DisruptionTarget") ?? [];
  const condition = {
    type: "DisruptionTarget",
    status: "True",
    lastTransitionTime: timestamp(now),
    reason: "DeletionByPodGC",
    message: "PodGC: node no longer exists",
  };
  return (draft) => {
    draft.status = { ...draft.status, conditions: [...others, condition] };
  };
}
