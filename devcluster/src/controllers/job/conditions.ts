import type { JobCondition } from "kubernetes-types/batch/v1";
import { timestamp } from "../objects.ts";

export type Conditions = readonly JobCondition[];

export function conditionOf(conditions: Conditions | undefined, type: string): JobCondition | undefined {
  return conditions?.find((condition) => condition.type === type);
}

export function holds(conditions: Conditions | undefined, type: string): boolean {
  return conditionOf(conditions, type)?.status === "True";
}

/** The list with this condition: in its old place when it was there, else at the end. */
export function withCondition(
  conditions: Conditions,
  change: { type: string; status: "True" | "False"; reason: string; message: string },
  now: number,
): Conditions {
  const stamp = timestamp(now);
  const condition: JobCondition = { ...change, lastProbeTime: stamp, lastTransitionTime: stamp };
  const at = conditions.findIndex(({ type }) => type === change.type);
  if (at === -1) return [...conditions, condition];
  if (conditions[at]?.status === change.status) return conditions;
  return conditions.with(at, condition);
}
