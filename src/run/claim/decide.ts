/**
 * Who may run now: decided from the Jobs that the cluster shows for an agent and from what Paperclip says of their runs.
 * Pure. The order is that of harm: first what must not be disturbed, then what is unclear, then what may be taken over.
 */
import type { Job } from "kubernetes-types/batch/v1";
import type { RunStatus } from "../../paperclip/run-status.ts";
import { isOfRun, nameOf, newestFirst, runIdOf, stateOf } from "../shared/job-state.ts";
import { type Blocked, type Claimant, type Classification, type Clearing, classifyJob } from "./classify.ts";

export type ClaimDecision =
  /** Nobody is in the way. `existing`: a Job of this run that was never let go; an earlier call made it. */
  | { readonly kind: "free"; readonly existing: Job | null }
  /** A Job of this very run that was let go: an earlier process of the adapter made it. */
  | { readonly kind: "ours"; readonly job: Job }
  | { readonly kind: "adopt"; readonly job: Job }
  /** These go first; then the cluster is to be looked at again. */
  | { readonly kind: "clear"; readonly jobs: readonly Clearing[] }
  | Blocked;

/** By run id. */
export type RunStatuses = ReadonlyMap<string, RunStatus>;

/** The runs whose status decides something: to be read before decideClaim(). */
export function runsInQuestion(me: Claimant, jobs: readonly Job[]): readonly string[] {
  const others = jobs.filter((job) => !isOfRun(job, me.runId) && !["leaving", "collected"].includes(stateOf(job)));
  return [...new Set(others.flatMap((job) => runIdOf(job) ?? []))];
}

export function decideClaim(me: Claimant, jobs: readonly Job[], statuses: RunStatuses): ClaimDecision {
  const [ours] = jobs.filter((job) => isOfRun(job, me.runId) && stateOf(job) !== "leaving").toSorted(newestFirst);
  const state = ours ? stateOf(ours) : null;
  if (ours && state === "collected")
    return { kind: "blocked", code: "k8s_job_state_mismatch", job: ours, why: "the outcome of this run was reported" };
  if (ours && state !== "candidate") return { kind: "ours", job: ours };

  const others = jobs
    .filter((job) => !isOfRun(job, me.runId))
    .toSorted(newestFirst)
    .map((job) => ({
      job,
      classification: classifyJob(me, job, statuses.get(runIdOf(job) ?? "") ?? { kind: "unknown" }),
    }));
  const blocked = others.find(({ classification }) => classification.kind === "blocks")?.classification;
  if (blocked?.kind === "blocks") return blocked.by;
  const clearings = others.flatMap(({ job, classification }) =>
    classification.kind === "clear" ? [{ job, ...classification.clearing }] : [],
  );
  return takeOver(others, clearings) ?? { kind: "free", existing: ours ?? null };
}

interface Assessed {
  readonly job: Job;
  readonly classification: Classification;
}

function takeOver(others: readonly Assessed[], clearings: readonly Clearing[]): ClaimDecision | null {
  const living = others.filter(({ classification }) => classification.kind === "orphan" && classification.living);
  const ended = others.filter(({ classification }) => classification.kind === "orphan" && !classification.living);
  const [, second] = living;
  if (second)
    return {
      kind: "blocked",
      code: "k8s_concurrent_run_blocked",
      job: second.job,
      why: `${living.length} Jobs of this task are alive (${living.map(({ job }) => nameOf(job)).join(", ")}), and one run can take over one`,
    };
  const [chosen, ...rest] = [...living, ...ended];
  const superseded = rest.map(({ job }) => ({ job, how: "delete", why: "a newer Job of its task counts" }) as const);
  const clear = [...clearings, ...superseded];
  if (clear.length > 0) return { kind: "clear", jobs: clear };
  return chosen ? { kind: "adopt", job: chosen.job } : null;
}
