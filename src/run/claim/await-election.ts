/** Holds a Job back until no other Job of its slot or session can start: see elect.ts for why that is certain. */
import type { Job } from "kubernetes-types/batch/v1";
import type { CallOptions } from "../../kubernetes/call-options.ts";
import type { KubernetesClient } from "../../kubernetes/client.ts";
import type { RunPlan } from "../plan/plan.ts";
import type { JobInCluster } from "../shared/launched-run.ts";
import { jobsAndPodsOfAgent } from "./cluster-state.ts";
import { type Candidate, elect } from "./elect.ts";
import type { ReadOwnership } from "./ownership/read.ts";
import { relationOf } from "./slot.ts";

/** Milliseconds that a candidate gets to start or to withdraw, from the first look on: it has at most two calls to make. */
const ELECTION_TIMEOUT_MS = 30_000;
const POLL_EVERY_MS = 300;

export type ElectionResult =
  /** The Job as it was last seen: it may be unsuspended. */
  | { readonly kind: "elected"; readonly job: JobInCluster }
  /** Another has the slot: ours is to be withdrawn. */
  | { readonly kind: "lost"; readonly to: Job };

/** `options`: of each list. Throws ApiError, or the signal's reason. Jobs that others made do not count. */
export async function awaitElection(
  client: KubernetesClient,
  plan: Pick<RunPlan, "namespace" | "identity" | "installation">,
  job: JobInCluster,
  readOwnership: ReadOwnership,
  options: CallOptions & { readonly signal: AbortSignal },
): Promise<ElectionResult> {
  let deadline = Number.POSITIVE_INFINITY;
  const candidate = { ...plan.identity, name: job.name, uid: job.uid };
  for (;;) {
    const all = await jobsAndPodsOfAgent(client, plan, options);
    const found = await ownRivals(candidate, all, readOwnership, options.signal);
    const election = elect(candidate, found);
    // A look may have waited long among a thousand starts.
    deadline = Math.min(deadline, client.clock.now() + ELECTION_TIMEOUT_MS);
    if (election.kind === "start") {
      const object = found.find(({ metadata }) => metadata?.uid === job.uid);
      return { kind: "elected", job: object ? { ...job, object } : job };
    }
    if (election.kind === "withdraw" || client.clock.now() > deadline) return { kind: "lost", to: election.other };
    await client.clock.sleep(POLL_EVERY_MS, options.signal);
  }
}

/** One that may be ours counts: beside it a second agent would work. */
async function ownRivals(
  me: Candidate,
  found: readonly Job[],
  readOwnership: ReadOwnership,
  signal: AbortSignal,
): Promise<readonly Job[]> {
  const own: Job[] = [];
  for (const job of found) {
    const isRival = job.metadata?.uid !== me.uid && relationOf(me, job) !== null;
    const { kind } = isRival ? await readOwnership(job, signal) : { kind: "ours" };
    if (kind === "ours" || kind === "unproven") own.push(job);
  }
  return own;
}
