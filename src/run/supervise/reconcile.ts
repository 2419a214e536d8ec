/** Reconciles one namespace: which Jobs does no run look after, and what is to be done about each. */
import type { Job } from "kubernetes-types/batch/v1";
import type { Pod } from "kubernetes-types/core/v1";
import { ApiError } from "../../kubernetes/api-error.ts";
import type { ClusterLease } from "../../kubernetes/cluster-registry.ts";
import { jobs, type KubeObject, pods, type ResourceType, type Stored } from "../../kubernetes/resource-types.ts";
import type { Installation } from "../../paperclip/installation.ts";
import { createRunStatusReader, type ReadRunStatus, type RunStatus } from "../../paperclip/run-status.ts";
import { statusOfOverTask } from "../../paperclip/task-over.ts";
import { describeForeign, describeRemoval, type ReadOwnership, type Removal, removeJob } from "../claim/claim.ts";
import { removeExpiredProbes } from "../conclude/conclude.ts";
import type { Dependencies } from "../shared/dependencies.ts";
import { isAgentUnknown, isProbe, nameOf, runIdOf, stateOf, withPods } from "../shared/job-state.ts";
import { LABELS, madeBy, ofNoInstance, RUNS, RUNS_AND_PROBES } from "../shared/names.ts";
import { releaseCommands } from "../shared/unknown-agent.ts";
import { decideAction, type Wake } from "./action.ts";
import { activeRuns } from "./active-runs.ts";
import { newestToken } from "./agent-token.ts";
import { isDeniedForLong } from "./denials.ts";
import { enterOnLedger } from "./ledger/enter.ts";
import { isEarlierDue, noteEarlier } from "./places/earlier-versions.ts";
import { sweepTranscriptCopies } from "./transcript-copies.ts";
import { askOperator } from "./wake/ask-operator.ts";
import { claimWakeup, wake } from "./wake/wake.ts";

export interface NamespaceToReconcile {
  readonly lease: ClusterLease;
  readonly namespace: string;
  /** This Paperclip. */
  readonly installation: Installation;
  readonly readOwnership: ReadOwnership;
  readonly paperclipUrl: Dependencies["paperclipUrl"];
  /** See paperclipHome(). */
  readonly paperclipHome: string;
  /** Paperclip's own pod is in this namespace: its agents' pods may share its home. */
  readonly isOwnNamespace: boolean;
  /** False: the agent of a lost run waits for a person; what is left over is removed all the same. */
  readonly wakes: boolean;
  /** Is told what is done, in a sentence. */
  readonly tell: (message: string) => void;
  /** As `tell`, the same words once. */
  readonly tellOnce: (message: string) => void;
  readonly signal: AbortSignal;
}

/** A chain of continuations that is longer is none. */
const MAX_SUCCESSORS = 20;
/** Jobs that are worked on at a time: each is a few requests, and one slow answer is to hold up nobody else. */
const AT_ONCE = 8;

/** Resolves with the number of Jobs of this Paperclip. Throws ApiError when they cannot be listed. */
export async function reconcileNamespace(here: NamespaceToReconcile): Promise<number> {
  const { client } = here.lease;
  const labelled = await list(here, jobs, madeBy(RUNS_AND_PROBES, here.installation.label));
  const unlabelled = isEarlierDue(here) ? await list(here, jobs, ofNoInstance(RUNS_AND_PROBES)) : null;
  const items = [...labelled, ...(unlabelled ?? [])];
  if (unlabelled) noteEarlier(here, unlabelled.length);
  await removeExpiredProbes(client, items.filter(isProbe), here.installation);
  // Which copies belong to no Job is known only where all Jobs are.
  if (here.isOwnNamespace && unlabelled)
    await sweepTranscriptCopies(here.paperclipHome, new Set(items.map(nameOf)), client.clock.now());
  const ours = items.filter((job) => !isProbe(job));
  const left = withPods(ours, ours.length > 0 ? await podsIn(here, unlabelled) : [], client.clock.now()).values();
  const worker = async (): Promise<void> => {
    for (const job of left) {
      here.signal.throwIfAborted();
      await reconcileJob(here, job);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return items.length;
}

async function list<T extends KubeObject>(
  { lease, namespace, signal }: NamespaceToReconcile,
  type: ResourceType<T>,
  labelSelector: string,
): Promise<readonly Stored<T>[]> {
  return (await lease.client.list(type, namespace, { labelSelector, signal })).items;
}

/** None without the right to list them: then a Job's conditions must do. */
async function podsIn(here: NamespaceToReconcile, unlabelled: readonly Job[] | null): Promise<readonly Pod[]> {
  try {
    const own = await list(here, pods, madeBy(RUNS, here.installation.label));
    return unlabelled?.length ? [...own, ...(await list(here, pods, ofNoInstance(RUNS)))] : own;
  } catch (error) {
    if (error instanceof ApiError && error.forbidden) return [];
    throw error;
  }
}

async function reconcileJob(here: NamespaceToReconcile, job: Job): Promise<void> {
  const runId = runIdOf(job);
  if (!runId || activeRuns.has(runId) || stateOf(job) === "leaving") return;
  if (isAgentUnknown(job)) return tellUnknown(here, job, runId);
  try {
    if (await isOurs(here, job)) await attend(here, job, runId);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    here.tell(`Job ${nameOf(job)}: ${error.message}`);
  }
}

/** What others made is told once by name, and left alone. */
async function isOurs(here: NamespaceToReconcile, job: Job): Promise<boolean> {
  const ownership = await here.readOwnership(job, here.signal);
  if (ownership.kind === "foreign" || ownership.kind === "unproven") here.tellOnce(describeForeign(job, ownership));
  return ownership.kind === "ours";
}

async function attend(here: NamespaceToReconcile, job: Job, runId: string): Promise<void> {
  const { lease, signal } = here;
  const { client } = lease;
  const agent = {
    id: job.metadata?.labels?.[LABELS.agentId] ?? "",
    companyId: job.metadata?.labels?.[LABELS.companyId] ?? "",
  };
  const url = here.paperclipUrl(agent);
  // Of a kept Job Paperclip has the outcome: there is nothing to ask.
  const isKept = stateOf(job) === "collected";
  const token = isKept ? null : await newestToken(client, job, signal);
  const status: RunStatus = isKept
    ? { kind: "unknown" }
    : await lastStatus(createRunStatusReader({ url, token }), runId, signal);
  // It may have begun here while we asked.
  if (activeRuns.has(runId)) return;
  const denied = status.kind === "unreadable" && status.denied && !status.terminated ? status.why : null;
  if (isDeniedForLong(job.metadata?.uid ?? "", denied !== null, client.clock.now()))
    tellDenial(here, job, denied ?? "");
  const action = decideAction(job, status, client.clock.now());
  switch (action.kind) {
    case "none":
      return;
    case "remove":
      return remove(here, action.removal);
    case "wake":
      // A person who starts the task again starts it anew.
      if (!here.wakes && stateOf(job) === "candidate")
        return remove(here, { job, how: "delete", why: "its run is over, and nothing of it ever ran" });
      if (url && token) await wakeOrAsk(here, job, action, { url, token, agentId: agent.id, signal });
  }
}

function remove({ lease, namespace, tell, signal }: NamespaceToReconcile, removal: Removal): Promise<void> {
  tell(describeRemoval(removal));
  return removeJob(lease.client, namespace, removal, signal);
}

async function wakeOrAsk(
  here: NamespaceToReconcile,
  job: Job,
  action: Wake,
  access: { readonly url: string; readonly token: string; readonly agentId: string; readonly signal: AbortSignal },
): Promise<void> {
  const { client } = here.lease;
  if (!here.wakes && action.again) return;
  if (await isOfOverTask(here, job, action, access)) return enterOnLedger(client, job, action, access, here.tell);
  const marked = await claimWakeup(client, job, action, here.signal);
  if (!marked) return;
  if (here.wakes) await wake(client, marked, action, access, here.tell);
  else await askOperator(marked, action, access, here.tell);
}

/**
 * An agent that closes its task while Paperclip is back, and its lost run not found yet: each wake-up would be one more
 * cancelled run on its page. The Job keeps what it has for a person who takes the task up again, until its TTL.
 */
async function isOfOverTask(
  { tellOnce, signal }: NamespaceToReconcile,
  job: Job,
  { lostRunId, taskId }: Wake,
  { url, token }: { readonly url: string; readonly token: string },
): Promise<boolean> {
  const status = taskId === null ? null : await statusOfOverTask({ url, token, taskId, signal });
  if (status === null) return false;
  tellOnce(
    `Job ${nameOf(job)} of run ${lostRunId} has no run any more, and its task ${taskId} is ${status}: nobody is woken. A comment that takes the task up again has the Job taken over.`,
  );
  return true;
}

/** Another run, or the removal of the Job, could put a second agent beside it. */
function tellUnknown({ tellOnce }: NamespaceToReconcile, job: Job, runId: string): void {
  tellOnce(
    `Job ${nameOf(job)} of run ${runId} is left alone: its node does not answer, and nobody can say whether its agent still runs. ${releaseCommands(job, null)}`,
  );
}

/** Nothing can be done for such a Job, and nothing else would say so. */
function tellDenial({ namespace, tellOnce }: NamespaceToReconcile, job: Job, why: string): void {
  const name = nameOf(job);
  tellOnce(
    `Job ${name} of run ${runIdOf(job)} is left alone: ${why}. A token is good for 48 hours, and ends with its agent. Start a run of its task to take the Job over, or end it: kubectl -n ${namespace} delete job ${name}`,
  );
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
