/** The cluster's state without what others made: a Job that only looks like ours is not waited for, adopted or removed. */
import type { Job } from "kubernetes-types/batch/v1";
import type { Installation } from "../../paperclip/installation.ts";
import { isPodSigned } from "../shared/job-signature.ts";
import { isOfRun } from "../shared/job-state.ts";
import { type Claimant, concernOf } from "./classify.ts";
import type { ClusterState } from "./decide.ts";
import { describeForeign, type Ownership } from "./ownership.ts";
import type { ReadOwnership } from "./read-ownership.ts";

export interface OwnState extends ClusterState {
  /** A Job that may be ours: while nobody can say, it is as little passed over as it is touched. */
  readonly unproven: { readonly job: Job; readonly ownership: Extract<Ownership, { kind: "unproven" }> } | null;
}

/** Only what concerns the run is asked about. Throws ApiError. */
export async function ownState(
  me: Claimant,
  seen: ClusterState,
  installation: Installation,
  read: ReadOwnership,
  tellOnce: (message: string) => void,
  signal: AbortSignal,
): Promise<OwnState> {
  const concerns = (job: Job): boolean => isOfRun(job, me.runId) || concernOf(me, job) !== null;
  const jobs: Job[] = [];
  let unproven: OwnState["unproven"] = null;
  for (const job of seen.jobs) {
    const ownership: Ownership = concerns(job) ? await read(job, signal) : { kind: "ours" };
    if (ownership.kind === "ours") jobs.push(job);
    if (ownership.kind === "foreign" || ownership.kind === "unproven") tellOnce(describeForeign(job, ownership));
    if (ownership.kind === "unproven") unproven ??= { job, ownership };
  }
  // A pod that outlived its Job has no Secret to show any more.
  const pods = seen.pods.filter(({ metadata }) => !installation.hasSecret || isPodSigned(metadata, installation));
  return { jobs, pods, unproven };
}
