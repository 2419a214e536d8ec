/** Decides whether this run may start: one living Job for an agent and a task, and one agent in a session. */
import type { Job } from "kubernetes-types/batch/v1";
import { ApiError } from "../../kubernetes/api-error.ts";
import type { KubernetesClient } from "../../kubernetes/client.ts";
import type { Observer } from "../../kubernetes/watch/observer.ts";
import type { Host } from "../../paperclip/host.ts";
import type { ReadRunStatus } from "../../paperclip/run-status.ts";
import type { ReadTaskAssignee } from "../../paperclip/task-assignee.ts";
import type { RunPlan } from "../plan/plan.ts";
import { faultOf } from "../shared/api-advice.ts";
import { delayAbort } from "../shared/delay-abort.ts";
import { adoptedFrom, isAdopted, runIdOf } from "../shared/job-state.ts";
import { ANNOTATIONS } from "../shared/names.ts";
import { RunFault } from "../shared/run-fault.ts";
import { adopt } from "./adopt.ts";
import { type Blocked, blockedByUnproven } from "./blocked.ts";
import { type Claimant, describeRemoval, type Removal } from "./classify.ts";
import { readClusterState } from "./cluster-state.ts";
import { type ClaimDecision, type ClusterState, decideClaim, dependsOnAssignee, runsInQuestion } from "./decide.ts";
import { isOnItsTask, isRival, type OwnershipCheck, type OwnState, ownState } from "./own-state.ts";
import { refreshToken } from "./refresh-token.ts";
import { refusal } from "./refusal.ts";
import { removeJob } from "./remove.ts";
import { waitForProof } from "./wait.ts";
import { createSlotWaiter } from "./wait-for-slot.ts";

export { awaitElection } from "./await-election.ts";
export { describeRemoval, type Removal } from "./classify.ts";
export { describeForeign, type Ownership } from "./ownership/ownership.ts";
export { createOwnershipReader, isOwnedBy, type ReadOwnership } from "./ownership/read.ts";
export { removeJob } from "./remove.ts";
export { awaitTurn, type TurnRequest } from "./turn/await-turn.ts";
export { describePlaceInLine, describePlaceUnbounded } from "./turn/describe-place.ts";
export { reservationOf } from "./turn/order.ts";
export { withdraw } from "./withdraw.ts";

export interface ClaimRequest extends Omit<OwnershipCheck, "installation"> {
  readonly client: KubernetesClient;
  /** Sees the Jobs and pods of the namespace, for as long as the claim takes. */
  readonly observer: Observer;
  readonly plan: Pick<RunPlan, "namespace" | "identity" | "installation" | "predecessors" | "reattach" | "token">;
  readonly readStatus: ReadRunStatus;
  readonly readAssignee: ReadTaskAssignee;
  /** Gets notices of what is waited for and what is removed. */
  readonly host: Pick<Host, "notice" | "status">;
  readonly signal: AbortSignal;
}

export type Claim =
  /**
   * The slot is free as far as was seen. `existing`: this run's own Job, made by an earlier call and never unsuspended.
   * `queued`: since when a run that this one continues had waited for its turn.
   */
  | { readonly kind: "free"; readonly existing: Job | null; readonly queued: string | null }
  /** A Job that was unsuspended. `from`: the run that it belonged to before; null when it was started for this one. */
  | { readonly kind: "adopted"; readonly job: Job; readonly from: string | null };

/** Decisions in a row that a change of the Jobs makes void. */
const MAX_ROUNDS = 20;
/** Retries when Paperclip refuses to tell of another run; while it does not answer, the run waits (wait.ts). */
const RECORD_RETRIES = 2;

/**
 * Waits as long as another run of the slot is alive. Throws RunFault when the slot is taken by what does not end by
 * itself, or when it cannot be known; or the signal's reason.
 */
export async function claim(request: ClaimRequest): Promise<Claim> {
  const { client, observer, plan, host } = request;
  const { identity, predecessors, reattach } = plan;
  const me: Claimant = { ...identity, predecessors, reattach, ownsTask: false };
  const slot = createSlotWaiter(client, observer, me, host);
  // A cancelled run still adopts its Job: only an adopted Job can be stopped.
  const signal = delayAbort(request.signal);
  let queued: string | null = null;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const decision = await decideNow(request, me, signal);
    if (decision.kind !== "ours" && decision.kind !== "adopt") request.signal.throwIfAborted();
    switch (decision.kind) {
      case "free":
        await slot.granted();
        return { ...decision, queued };
      case "ours":
        return adopted(request, decision.job, isAdopted(decision.job) ? adoptedFrom(decision.job) : null, signal);
      case "blocked":
        await retryOrRefuse(client, decision.by, round, request.signal);
        break;
      case "wait":
        await slot.wait(decision.wait, request.signal);
        // A wait is no such change.
        round--;
        break;
      case "remove":
        queued = earliestOf(queued, decision.removals);
        await removeAll(request, decision.removals, signal);
        break;
      case "adopt": {
        const { job } = decision;
        const ours = await failClosed(client, () => adopt(client, plan.namespace, job, me, signal), mayBeDone);
        if (ours) return adopted(request, ours, runIdOf(job), signal);
      }
    }
  }
  const why = `The agent's Jobs changed ${MAX_ROUNDS} times while this run was looking for a free slot`;
  const fix = "Check the agent's Jobs (kubectl get jobs), then run the task again.";
  throw refusal(client.clock, { code: "k8s_concurrency_guard_unreachable", why, fix });
}

async function decideNow(request: ClaimRequest, me: Claimant, signal: AbortSignal): Promise<ClaimDecision> {
  const { client, observer, plan, readStatus, readAssignee } = request;
  const ownOf = (state: ClusterState, which: (job: Job) => boolean): Promise<OwnState> =>
    failClosed(client, () => ownState(state, which, { ...request, installation: plan.installation }, signal));
  const all = await failClosed(client, () => readClusterState(client, observer, plan, { signal }));
  const seen = await ownOf(all, isRival(me));
  if (seen.unproven?.ownership.passing) return { kind: "wait", wait: waitForProof(seen.unproven) };
  if (seen.unproven) return { kind: "blocked", by: blockedByUnproven(seen.unproven) };
  const readings = runsInQuestion(me, seen.jobs).map(async (id) => [id, await readStatus(id, signal)] as const);
  const statuses = new Map(await Promise.all(readings));
  const { taskId, agentId } = me;
  if (taskId === null || !dependsOnAssignee(me, seen.jobs, statuses)) return decideClaim(me, seen, statuses);
  const assignee = await readAssignee(taskId, signal);
  const ownsTask = assignee.kind === "known" && assignee.agentId === agentId;
  return decideClaim({ ...me, ownsTask }, ownsTask ? await ownOf(seen, isOnItsTask(me)) : seen, statuses);
}

/** A run that was adopted by an earlier process of this run may still have to give its agent the token. */
async function adopted(request: ClaimRequest, job: Job, from: string | null, signal: AbortSignal): Promise<Claim> {
  const { client, plan, host } = request;
  const run = { id: plan.identity.runId, token: plan.token };
  const problem = isAdopted(job) ? await refreshToken(client, job, run, signal) : null;
  if (problem) await host.status(`The agent keeps the token of its earlier run: ${problem}`);
  return { kind: "adopted", job, from };
}

/** Throws RunFault unless a retry may help. */
async function retryOrRefuse(client: KubernetesClient, by: Blocked, round: number, signal: AbortSignal): Promise<void> {
  if (by.code !== "k8s_concurrency_guard_unreachable" || round >= RECORD_RETRIES) throw refusal(client.clock, by);
  await client.clock.sleep(1000 * (round + 1), signal);
}

/** Of runs that this one continues. */
function earliestOf(queued: string | null, removals: readonly Removal[]): string | null {
  const places = removals.map(({ job }) => job.metadata?.annotations?.[ANNOTATIONS.queued] ?? null);
  return [queued, ...places].filter((place) => place !== null).toSorted()[0] ?? null;
}

async function removeAll(request: ClaimRequest, removals: readonly Removal[], signal: AbortSignal): Promise<void> {
  const { client, plan, host } = request;
  for (const removal of removals) {
    await host.status(describeRemoval(removal));
    await failClosed(client, () => removeJob(client, plan.namespace, removal, signal));
  }
}

/** Without knowing whether another Job is alive, no second one is started. */
async function failClosed<T>(
  client: KubernetesClient,
  call: () => Promise<T>,
  mayRun: (error: ApiError) => boolean = () => false,
): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    const doing = "Could not check for other runs of this agent";
    const at = client.clock.now();
    const fault = faultOf(error, { code: "k8s_concurrency_guard_unreachable", doing, at });
    throw new RunFault({ ...fault, mayRun: mayRun(error) }, error);
  }
}

/** Of an adoption that failed: where its answer was lost, the Job, and the agent in it, belong to this run. */
const mayBeDone = ({ ambiguous, kind, status = 0 }: ApiError): boolean =>
  ambiguous || kind !== "status" || status >= 500;
