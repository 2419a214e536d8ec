/**
 * The rights that the adapter uses, and no more: deploy/rbac.yaml grants exactly these, and has the optional ones as a
 * comment, which a test holds.
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

/** To read lines that the log API has lost from a pod that lives; without them, such lines are named as missing. */
export const optionalRights: readonly Right[] = of("", "pods/exec", "get", "create");
