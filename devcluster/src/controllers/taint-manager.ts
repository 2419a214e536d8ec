import type { Clock, Store } from "../types.ts";
import { hasEnded, keyOf, type Node, type Pod, timestamp } from "./objects.ts";
import { createQueue } from "./queue.ts";
import { tolerates } from "./scheduler/fit.ts";

/** Deletes the pods of a node with NoExecute taints, each when its toleration ends (300 s by default for a lost node). */
export function startTaintManager(store: Store, clock: Clock): () => void {
  const queue = createQueue((key) => {
    const [namespace = "", name = ""] = key.split("/");
    const pod = store.get<Pod>("pods", namespace, name);
    if (pod === undefined || pod.metadata.deletionTimestamp !== undefined || hasEnded(pod)) return;
    const at = evictionTime(pod, store.get<Node>("nodes", "", pod.spec.nodeName ?? ""), clock());
    if (at > clock()) {
      if (Number.isFinite(at)) queue.add(key, at - clock());
      return;
    }
    store.mutate<Pod>("pods", namespace, name, (draft) => {
      draft.status = { ...draft.status, conditions: [...(draft.status?.conditions ?? []), disruption(clock())] };
    });
    store.delete("pods", namespace, name, { preconditions: { uid: pod.metadata.uid } });
  });
  const unsubscribe = store.subscribe(({ type, resource, object }) => {
    if (resource !== "nodes" || type === "DELETED") return;
    for (const pod of store.list<Pod>("pods")) {
      if (pod.spec.nodeName === object.metadata.name) queue.add(keyOf(pod));
    }
  });
  return () => {
    unsubscribe();
    queue.stop();
  };
}

function evictionTime(pod: Pod, node: Node | undefined, now: number): number {
  const times = (node?.spec?.taints ?? [])
    .filter(({ effect }) => effect === "NoExecute")
    .map((taint) => {
      const matching = (pod.spec.tolerations ?? []).filter((toleration) => tolerates(toleration, taint));
      if (matching.length === 0) return now;
      const seconds = matching.map(({ tolerationSeconds }) => tolerationSeconds ?? Number.POSITIVE_INFINITY);
      return Date.parse(taint.timeAdded ?? timestamp(now)) + Math.min(...seconds) * 1000;
    });
  return Math.min(...times);
}

function disruption(now: number) {
  return {
    type: "DisruptionTarget",
    status: "True",
    lastTransitionTime: timestamp(now),
    reason: "DeletionByTaintManager",
    message: "Taint manager: deleting due to NoExecute taint",
  };
}
