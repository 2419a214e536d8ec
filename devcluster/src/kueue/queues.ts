/** What LocalQueue and ClusterQueue let through. Pure. */
import { plain } from "../store/plain.ts";
import type { KubeObject, Store } from "../types.ts";

export type Queue =
  | { readonly kind: "open"; readonly localQueue: string; readonly cluster: KubeObject }
  /** Nothing new is admitted; `drains`: by whom, what runs is ended. */
  | { readonly kind: "closed"; readonly message: string; readonly drains: "LocalQueue" | "ClusterQueue" | null };

export function queueOf(store: Pick<Store, "get">, namespace: string, name: string): Queue {
  const closed = (message: string, drains: "LocalQueue" | "ClusterQueue" | null = null): Queue => ({
    kind: "closed",
    message,
    drains,
  });
  const local = store.get("localqueues", namespace, name);
  if (!local) return closed(`LocalQueue ${name} doesn't exist`);
  const policy = stopPolicyOf(local);
  if (policy !== "None")
    return closed(`LocalQueue ${name} is inactive`, policy === "HoldAndDrain" ? "LocalQueue" : null);
  const clusterName = String(plain(local.spec).clusterQueue ?? "");
  const cluster = store.get("clusterqueues", "", clusterName);
  if (!cluster) return closed(`ClusterQueue ${clusterName} doesn't exist`);
  const held = stopPolicyOf(cluster);
  if (held !== "None")
    return closed(`ClusterQueue ${clusterName} is inactive`, held === "HoldAndDrain" ? "ClusterQueue" : null);
  return { kind: "open", localQueue: name, cluster };
}

const stopPolicyOf = ({ spec }: KubeObject): string => String(plain(spec).stopPolicy ?? "None");

/** The condition Active of a LocalQueue. */
export function activeCondition(queue: Queue): {
  readonly status: "True" | "False";
  readonly reason: string;
  readonly message: string;
} {
  if (queue.kind === "open")
    return { status: "True", reason: "Ready", message: "Can submit new workloads to localQueue" };
  const { message } = queue;
  if (message.startsWith("LocalQueue")) return { status: "False", reason: "Stopped", message: "LocalQueue is stopped" };
  const gone = message.endsWith("doesn't exist");
  return {
    status: "False",
    reason: gone ? "ClusterQueueDoesNotExist" : "ClusterQueueIsInactive",
    message: "Can't submit new workloads to clusterQueue",
  };
}
