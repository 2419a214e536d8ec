/** The cluster's state without what others made: a Job that only looks like ours is not waited for, adopted or removed. */
import type { Job } from "kubernetes-types/batch/v1";
import type { Installation } from "../../paperclip/installation.ts";
import { isPodSigned } from "../shared/job-signature.ts";
import { isOfRun } from "../shared/job-state.ts";
import type { Unproven } from "./blocked.ts";
import { type Claimant, concernOf } from "./classify.ts";
import type { ClusterState } from "./decide.ts";
import { describeForeign, type Ownership } from "./ownership/ownership.ts";
import type { ReadOwnership } from "./ownership/read.ts";

export interface OwnState extends ClusterState {
  /** A Job that may be ours: while nobody can say, it is as little passed over as it is touched. */
  readonly unproven: Unproven | null;
}

export interface OwnershipCheck {
  readonly installation: Installation;
  readonly readOwnership: ReadOwnership;
  /** Tells the operator of a Job that only looks like this Paperclip's, the same words once. */
  readonly tellOnce: (message: string) => void;
}

/**
 * Throws ApiError.
 *
 * @param which the Jobs that decide something: no other is asked about
 */
export async function ownState(
  seen: ClusterState,
  which: (job: Job) => boolean,
  { installation, readOwnership, tellOnce }: OwnershipCheck,
  signal: AbortSignal,
): Promise<OwnState> {
  const jobs: Job[] = [];
  let unproven: OwnState["unproven"] = null;
  for (const job of seen.jobs) {
    const ownership: Ownership = which(job) ? await readOwnership(job, signal) : { kind: "ours" };
    if (ownership.kind === "ours") jobs.push(job);
    if (ownership.kind === "foreign" || ownership.kind === "unproven") tellOnce(describeForeign(job, ownership));
    if (ownership.kind === "unproven") unproven ??= { job, ownership };
  }
  // A pod that outlived its Job has no Secret to show any more.
  const pods = seen.pods.filter(({ metadata }) => !installation.hasSecret || isPodSigned(metadata, installation));
  return { jobs, pods, unproven };
}

/** What the run may have to wait for, to remove or to adopt. */
export const isRival =
  (me: Claimant) =>
  (job: Job): boolean =>
    isOfRun(job, me.runId) || ![null, "task"].includes(concernOf(me, job));

/** What it may have to stop: see classify.ts. */
export const isOnItsTask =
  (me: Claimant) =>
  (job: Job): boolean =>
    concernOf(me, job) === "task";
