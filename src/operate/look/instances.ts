/** Whose Jobs a command is about: several Paperclips may share a namespace. Pure. */
import type { Job } from "kubernetes-types/batch/v1";
import { LABELS } from "../../run/shared/names.ts";
import type { Whose } from "./scope.ts";

export type ChosenInstance =
  /** `label` null: there is no Job that says whose it is. */
  | { readonly kind: "chosen"; readonly label: string | null; readonly others: readonly InstanceSeen[] }
  | { readonly kind: "several"; readonly seen: readonly InstanceSeen[] };

export interface InstanceSeen {
  readonly label: string;
  readonly jobs: number;
}

/**
 * The one that is named; else the one that this machine or the policy knows; else the only one there.
 *
 * @param own label of that
 */
export function chooseInstance(jobs: readonly Job[], { instance }: Whose, own: string | null): ChosenInstance {
  const seen = instancesOf(jobs);
  const known = instance ?? own;
  if (known !== null) return { kind: "chosen", label: known, others: seen.filter(({ label }) => label !== known) };
  const [only, ...more] = seen;
  if (more.length > 0) return { kind: "several", seen };
  return { kind: "chosen", label: only?.label ?? null, others: [] };
}

function instancesOf(jobs: readonly Job[]): readonly InstanceSeen[] {
  const counts = new Map<string, number>();
  for (const { metadata } of jobs) {
    const label = metadata?.labels?.[LABELS.instance];
    if (label !== undefined) counts.set(label, (counts.get(label) ?? 0) + 1);
  }
  return [...counts].map(([label, count]) => ({ label, jobs: count })).toSorted((a, b) => b.jobs - a.jobs);
}

/** Jobs of versions before 1.1 do not say whose they are, and count as everybody's. @param label null: of nobody's else */
export const isOf = (job: Job, label: string | null): boolean =>
  [undefined, label].includes(job.metadata?.labels?.[LABELS.instance]);
