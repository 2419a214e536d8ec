/** One look at one place: which Jobs has nobody in sight, and what is to be done about each. */
import type { Job } from "kubernetes-types/batch/v1";
import { ApiError } from "../../kubernetes/api-error.ts";
import type { ClusterLease } from "../../kubernetes/cluster-registry.ts";
import { jobs, secrets } from "../../kubernetes/resource-types.ts";
import { createRunStatusReader, type ReadRunStatus, type RunStatus } from "../../paperclip/run-status.ts";
import { type WakeupRequest, wakeAgent } from "../../paperclip/wakeup.ts";
import { clearAway } from "../claim/claim.ts";
import { removeExpiredProbes } from "../conclude/conclude.ts";
import { variableKey } from "../plan/plan.ts";
import type { Dependencies } from "../shared/dependencies.ts";
import { isProbe, nameOf, runIdOf, stateOf } from "../shared/job-state.ts";
import { LABELS, OURS_AND_PROBES } from "../shared/names.ts";
import { decideAction, type Wake, WOKEN } from "./action.ts";
import { activeRuns } from "./active-runs.ts";
import { askOperator } from "./ask-operator.ts";

export interface Look {
  readonly lease: ClusterLease;
  readonly namespace: string;
  readonly paperclipUrl: Dependencies["paperclipUrl"];
  /** False: the agent of a lost run waits for a person; what is left over is cleared away all the same. */
  readonly wakes: boolean;
  /** Hears what is done, in a sentence. */
  readonly tell: (message: string) => void;
  readonly signal: AbortSignal;
}

/** Where a run's Secret has the agent's own token for Paperclip. */
const TOKEN = variableKey("PAPERCLIP_API_KEY");

/** A chain of continuations that is longer is none. */
const MAX_SUCCESSORS = 20;

/** Throws ApiError when the place cannot be looked at. */
export async function reconcileNamespace(look: Look): Promise<void> {
  const { client } = look.lease;
  const labelSelector = OURS_AND_PROBES;
  const { items } = await client.list(jobs, look.namespace, { labelSelector, signal: look.signal });
  await removeExpiredProbes(client, items.filter(isProbe));
  for (const job of items) {
    if (isProbe(job)) continue;
    look.signal.throwIfAborted();
    const runId = runIdOf(job);
    if (!runId || activeRuns.has(runId) || ["leaving", "collected"].includes(stateOf(job))) continue;
    await attend(look, job, runId).catch((error: unknown) => {
      if (!(error instanceof ApiError)) throw error;
      look.tell(`Job ${nameOf(job)}: ${error.message}`);
    });
  }
}

async function attend(look: Look, job: Job, runId: string): Promise<void> {
  const { client } = look.lease;
  const agent = {
    id: job.metadata?.labels?.[LABELS.agentId] ?? "",
    companyId: job.metadata?.labels?.[LABELS.companyId] ?? "",
  };
  const url = look.paperclipUrl(agent);
  const token = await tokenOf(look, job);
  // A Job whose process died before it made the Secret has no token: the reader then says that nothing can be known.
  const status = await lastStatus(createRunStatusReader({ url, token }), runId, look.signal);
  // It may have begun here while we asked.
  if (activeRuns.has(runId)) return;
  const duty = decideAction(job, status, client.clock.now());
  switch (duty.kind) {
    case "none":
      return;
    case "clear":
      look.tell(
        `${duty.clearing.how === "stop" ? "Stopping" : "Removing"} Job ${nameOf(job)} of run ${runId}: ${duty.clearing.why}`,
      );
      return clearAway(client, look.namespace, duty.clearing, look.signal);
    case "wake": {
      if (!look.wakes && duty.again) return;
      if (!url || !token || !(await claimWakeup(look, job, duty))) return;
      const access = { url, token, agentId: agent.id, signal: look.signal };
      if (!look.wakes) return askOperator(job, duty, access, look.tell);
      return wake(job, duty, access, look.tell);
    }
  }
}

/** The status of the run, or of the last one that Paperclip has continued it with: while that is alive, all is well. */
async function lastStatus(read: ReadRunStatus, runId: string, signal: AbortSignal): Promise<RunStatus> {
  const own = await read(runId, signal);
  let last = own;
  for (let links = 0; links < MAX_SUCCESSORS && last.kind === "over" && last.successor; links++)
    last = await read(last.successor, signal);
  if (own.kind !== "over" || last.kind !== "over") return last;
  return { ...last, reported: own.reported ?? last.reported };
}

/** False when another process was quicker, or the Job has changed. */
async function claimWakeup({ lease, namespace, signal }: Look, job: Job, duty: Wake): Promise<boolean> {
  const { uid, resourceVersion } = job.metadata ?? {};
  const patch = { metadata: { uid, resourceVersion, annotations: { [WOKEN]: duty.mark } } };
  try {
    await lease.client.patch(jobs, namespace, nameOf(job), patch, { signal });
    return true;
  } catch (error) {
    if (error instanceof ApiError && (error.conflict || error.notFound)) return false;
    throw error;
  }
}

async function wake(
  job: Job,
  { lostRunId, taskId }: Wake,
  access: Pick<WakeupRequest, "url" | "token" | "agentId" | "signal">,
  tell: Look["tell"],
): Promise<void> {
  const answer = await wakeAgent({ ...access, taskId, lostRunId });
  const what = `Job ${nameOf(job)} of run ${lostRunId} has no run any more`;
  if (answer.kind === "woken") tell(`${what}: run ${answer.runId} is to take it over`);
  else if (answer.kind === "held")
    tell(`${what}, and Paperclip holds ${taskId ? `its task ${taskId}` : "its agent"} back: ${answer.why}`);
  else tell(`${what}, and its agent could not be woken: ${answer.why}`);
}

/** The agent's own token for Paperclip, from the run's Secret; null when there is none any more. */
async function tokenOf({ lease, namespace, signal }: Look, job: Job): Promise<string | null> {
  const secret = await lease.client.find(secrets, namespace, nameOf(job), { signal });
  const data = secret?.data?.[TOKEN];
  return data ? Buffer.from(data, "base64").toString() : null;
}
