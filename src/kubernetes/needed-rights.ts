/**
 * The rights that the adapter uses, and no more. `node scripts/role.ts` writes the Roles of deploy/ from them; a test holds
 * both in step.
 */
import type { Right } from "./access.ts";

const of = (group: string, resource: string, ...verbs: string[]): Right[] =>
  verbs.map((verb) => ({ verb, group, resource }));

export const neededRights: readonly Right[] = [
  ...of("batch", "jobs", "create", "get", "list", "watch", "patch", "delete"),
  ...of("", "pods", "get", "list", "watch"),
  ...of("", "pods/log", "get"),
  // Deleting is left to the cluster: the Job owns its Secret.
  ...of("", "secrets", "create", "get"),
  ...of("", "events", "list"),
];

/** Each is the operator's to weigh: everything works without them. */
export const optionalRights = {
  /** To read lines that the log API has lost from a pod that lives; without it, such lines are named as missing. */
  lostLines: of("", "pods/exec", "get", "create"),
  /** To make, grow and remove the claims of workspaces; without it, no run with `workspace: claim` starts. */
  workspaceClaims: of("", "persistentvolumeclaims", "get", "list", "create", "patch", "delete"),
  /** To give an agent the token of its Job's ninth and every later take-over; without it, it keeps that of the eighth. */
  manyTakeOvers: of("", "secrets", "patch"),
  /** To say why a run waits in its queue (Kueue), and at which place; without it, what the cluster's Events say. */
  queues: [
    ...of("kueue.x-k8s.io", "workloads", "list"),
    ...of("kueue.x-k8s.io", "localqueues", "get"),
    ...of("visibility.kueue.x-k8s.io", "localqueues/pendingworkloads", "get"),
  ],
  /** For the environment test; without it, the test says that it did not look. */
  networkPolicies: of("networking.k8s.io", "networkpolicies", "list"),
} as const satisfies Record<string, readonly Right[]>;
