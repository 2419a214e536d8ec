/** Asks the cluster whether this run may start: at most one living Job for an agent. */
import type { Job } from "kubernetes-types/batch/v1";
import { ApiError } from "../../kubernetes/api-error.ts";
import type { CallOptions } from "../../kubernetes/call-options.ts";
import type { KubernetesClient } from "../../kubernetes/client.ts";
import { jobs } from "../../kubernetes/resource-types.ts";
import type { ReadRunStatus } from "../../paperclip/run-status.ts";
import type { RunPlan } from "../plan/plan.ts";
import { delayAbort } from "../shared/abort-later.ts";
import { faultOf } from "../shared/api-advice.ts";
import { nameOf, runIdOf } from "../shared/job-state.ts";
import { agentLabel, LABELS, OURS } from "../shared/names.ts";
import { RunFault } from "../shared/run-fault.ts";
import { adopt } from "./adopt.ts";
import type { Blocked, Claimant, Clearing } from "./classify.ts";
import { clearAway } from "./clear.ts";
import { decideClaim, runsInQuestion } from "./decide.ts";
import { jobsOfAgent } from "./jobs-of-agent.ts";
import { handOver } from "./refresh-token.ts";
import { refusal } from "./refusal.ts";

export { awaitElection } from "./await-election.ts";
export type { Clearing } from "./classify.ts";
export { clearAway } from "./clear.ts";
export { withdraw } from "./withdraw.ts";

export interface ClaimRequest {
  readonly client: KubernetesClient;
  readonly plan: Pick<RunPlan, "namespace" | "identity" | "predecessors" | "lostRunId" | "reattach" | "token">;
  readonly readStatus: ReadRunStatus;
  /** Hears what is cleared away, in a sentence. */
  readonly tell: (message: string) => Promise<void>;
  readonly signal: AbortSignal;
}

export type Claim =
  /** The slot is free as far as was seen. `existing`: this run's own Job, made by an earlier call and never let go. */
  | { readonly kind: "free"; readonly existing: Job | null }
  /** A Job that was let go. `from`: the run that it belonged to; null when it was this one. */
  | { readonly kind: "adopted"; readonly job: Job; readonly from: string | null };

/** Looks at the agent's Jobs again and again only while they change under our hands. */
const MAX_ROUNDS = 20;
/** Paperclip's record of another run is asked for so many times more when it cannot be read. */
const ASK_AGAIN = 2;

/** Throws RunFault when the agent's slot is taken, or when it cannot be known. */
export async function claim(request: ClaimRequest): Promise<Claim> {
  const { client, plan, readStatus } = request;
  const { runId, taskId, sessionId } = plan.identity;
  const { predecessors, lostRunId, reattach } = plan;
  const me: Claimant = { runId, taskId, sessionId, predecessors, lostRunId, reattach };
  // A Job that this run is to take over is taken over, also when it is cancelled now: only then it can be stopped.
  const signal = delayAbort(request.signal);
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const found = await guarded(client, () => jobsOfAgent(client, plan, { signal }));
    const asked = runsInQuestion(me, found).map(async (id) => [id, await readStatus(id, signal)] as const);
    const decision = decideClaim(me, found, new Map(await Promise.all(asked)));
    if (decision.kind !== "ours" && decision.kind !== "adopt") request.signal.throwIfAborted();
    switch (decision.kind) {
      case "free":
        return decision;
      case "ours":
        return { kind: "adopted", job: decision.job, from: null };
      case "blocked":
        if (decision.code !== "k8s_concurrency_guard_unreachable" || round >= ASK_AGAIN)
          throw refusal(client, decision);
        await client.clock.sleep(1000 * (round + 1), signal);
        break;
      case "clear":
        await clearAll(request, decision.jobs);
        break;
      case "adopt": {
        const job = await guarded(client, () => adopt(client, plan.namespace, decision.job, me, signal));
        if (!job) break;
        const problem = await handOver(client, job, { id: me.runId, token: plan.token }, signal);
        if (problem) await request.tell(`The agent keeps the token of the run that was lost: ${problem}`);
        return { kind: "adopted", job, from: runIdOf(decision.job) };
      }
    }
  }
  const message = `The Jobs of this agent changed ${MAX_ROUNDS} times while it was decided which of them counts`;
  throw new RunFault(guardFault(client, message));
}

async function clearAll({ client, plan, tell, signal }: ClaimRequest, clearings: readonly Clearing[]): Promise<void> {
  for (const clearing of clearings) {
    const verb = clearing.how === "stop" ? "Stopping" : "Removing";
    await tell(`${verb} Job ${nameOf(clearing.job)} of run ${runIdOf(clearing.job)}: ${clearing.why}`);
    await guarded(client, () => clearAway(client, plan.namespace, clearing, signal));
  }
}

/** Not knowing whether another Job lives is no leave to start a second one. */
async function guarded<T>(client: KubernetesClient, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    const doing = "Could not see whether another run of this agent is alive";
    const at = client.clock.now();
    throw new RunFault(faultOf(error, { code: "k8s_concurrency_guard_unreachable", doing, at }), error);
  }
}

function guardFault(client: KubernetesClient, message: string) {
  const fix = "Look at the agent's Jobs (kubectl get jobs); then run it again.";
  const code = "k8s_concurrency_guard_unreachable";
  return { code, message, fix, status: null, fatal: true, at: client.clock.now() };
}
