/** Reconciles one namespace: which Jobs does no run look after, and what is to be done about each. */
import type { Job } from "kubernetes-types/batch/v1";
import { ApiError } from "../../kubernetes/api-error.ts";
import type { Random } from "../../kubernetes/clock.ts";
import type { Stored } from "../../kubernetes/resource-types.ts";
import { statusOfOverTask } from "../../paperclip/task-over.ts";
import type { WorkspaceClaimRule } from "../../policy/policy.ts";
import type { LabelsOf } from "../../telemetry/instruments.ts";
import { describeForeign, describeRemoval, type ReadOwnership, type Removal, removeJob } from "../claim/claim.ts";
import { removeExpiredProbes } from "../conclude/conclude.ts";
import type { Dependencies } from "../shared/dependencies.ts";
import { isProbe, nameOf, runIdOf, stateOf } from "../shared/job-state.ts";
import { releaseCommands } from "../shared/unknown-agent.ts";
import type { Wake } from "./action.ts";
import { activeRuns } from "./active-runs.ts";
import { isDeniedForLong } from "./denials.ts";
import { findJobs, type WhereToFind } from "./found.ts";
import { Glance } from "./glance.ts";
import { removeIdleClaims } from "./idle-claims.ts";
import { type Judgement, judgeJob } from "./judge-job.ts";
import { enterOnLedger } from "./ledger/enter.ts";
import { keepLivingBundles } from "./living-bundles.ts";
import { sweepTranscriptCopies } from "./transcript-copies.ts";
import { askOperator } from "./wake/ask-operator.ts";
import { claimWakeup, wake } from "./wake/wake.ts";

export interface NamespaceToReconcile extends WhereToFind {
  readonly readOwnership: ReadOwnership;
  readonly paperclipUrl: Dependencies["paperclipUrl"];
  /** How the policy has claims made; null: there are none. */
  readonly workspaceClaims: WorkspaceClaimRule | null;
  /** See paperclipHome(). */
  readonly paperclipHome: string;
  /** Paperclip's own pod is in this namespace: its agents' pods may share its home. */
  readonly isOwnNamespace: boolean;
  /** False: the agent of a lost run waits for a person; what is left over is removed all the same. */
  readonly wakes: boolean;
  /** Is told how many Jobs the watches of runs show, or would, before anything is done about them. */
  readonly found: (watched: number) => Promise<void>;
  /** Is told of each action, for whoever counts them. */
  readonly acted: (action: LabelsOf<"claude_k8s.supervisor.actions">["action"]) => void;
  /** Is told what is done, in a sentence. */
  readonly tell: (message: string) => void;
  /** As `tell`, the same words once. */
  readonly tellOnce: (message: string) => void;
}

/** Jobs that are worked on at a time: each is a few requests, and one slow answer is to hold up nobody else. */
const AT_ONCE = 8;

/** Resolves with the number of Jobs of this Paperclip. Throws ApiError when they cannot be listed. */
export async function reconcileNamespace(here: NamespaceToReconcile): Promise<number> {
  const { client } = here.lease;
  const found = await findJobs(here);
  const { jobs } = found;
  await here.found(found.watched);
  await keepLivingBundles(here, jobs);
  await removeExpiredProbes(client, jobs.filter(isProbe), here.installation);
  // Which copies belong to no Job is known only where all Jobs are.
  if (here.isOwnNamespace && found.hasProbes && found.hasEarlier)
    await sweepTranscriptCopies(here.paperclipHome, new Set(jobs.map(nameOf)), client.clock.now());
  const { installation, paperclipUrl, signal } = here;
  const place = JSON.stringify([client.cluster.id, here.namespace]);
  const glance = new Glance({ installation, paperclipUrl, now: () => client.clock.now(), place, jobs, signal });
  // Not in one order in all servers: what one has begun with the others find done.
  const left = shuffled(jobs.filter(isUnattended), client.random).values();
  const next = async (): Promise<boolean> => {
    const { done, value } = left.next();
    if (done) return false;
    signal.throwIfAborted();
    await reconcileJob(here, () => found.now(value), glance);
    return true;
  };
  const worker = async (): Promise<void> => {
    while (await next());
  };
  // The first Job of a process shows how its company's runs can be read, which spares the others their questions.
  if (glance.isBlind) await next();
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  if (found.hasProbes) await removeIdleClaims(here, jobs);
  return jobs.length;
}

/** No run of this process looks after it. */
function isUnattended(job: Job): boolean {
  const runId = runIdOf(job);
  return !isProbe(job) && runId !== null && !activeRuns.has(runId);
}

function shuffled<T>(all: readonly T[], random: Random): T[] {
  return all
    .map((one) => ({ one, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ one }) => one);
}

/** @param now the Job as it is known to be; null: it is gone */
async function reconcileJob(here: NamespaceToReconcile, now: () => Stored<Job> | null, glance: Glance): Promise<void> {
  const job = now();
  if (!job || !isUnattended(job)) return;
  try {
    const { client } = here.lease;
    if (await glance.isSettled(job)) return void isDeniedForLong(job.metadata.uid, false, client.clock.now());
    const judgement = await judgeJob({ ...here, client }, job);
    if (judgement.kind === "judged" && judgement.access) glance.learn(job, judgement.access, judgement.status);
    // Another server was quicker, or its run has ended: what we would do holds only for what was judged.
    if (now()?.metadata.resourceVersion === job.metadata.resourceVersion) await attend(here, job, judgement);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    here.tell(`Job ${nameOf(job)}: ${error.message}`);
  }
}

async function attend(here: NamespaceToReconcile, job: Job, judgement: Judgement): Promise<void> {
  switch (judgement.kind) {
    case "passed-over":
      return;
    case "agent-unknown":
      return tellUnknown(here, job, judgement.runId);
    case "not-ours": {
      // What others made is told once by name, and left alone.
      const { ownership } = judgement;
      if (ownership.kind !== "gone") here.tellOnce(describeForeign(job, ownership));
      return;
    }
    case "judged":
      // It may have begun here while we asked.
      if (!activeRuns.has(judgement.runId)) await carryOut(here, job, judgement);
  }
}

async function carryOut(
  here: NamespaceToReconcile,
  job: Job,
  { status, action, access, agentId }: Extract<Judgement, { kind: "judged" }>,
): Promise<void> {
  const denied = status.kind === "unreadable" && status.denied && !status.terminated ? status.why : null;
  if (isDeniedForLong(job.metadata?.uid ?? "", denied !== null, here.lease.client.clock.now()))
    tellDenial(here, job, denied ?? "");
  switch (action.kind) {
    case "none":
      return;
    case "remove":
      return remove(here, action.removal);
    case "wake":
      // A person who starts the task again starts it anew.
      if (!here.wakes && stateOf(job) === "candidate")
        return remove(here, { job, how: "delete", why: "its run is over, and nothing of it ever ran" });
      if (access) await wakeOrAsk(here, job, action, { ...access, agentId, signal: here.signal });
  }
}

async function remove(
  { lease, namespace, acted, tell, signal }: NamespaceToReconcile,
  removal: Removal,
): Promise<void> {
  acted(removal.how);
  tell(describeRemoval(removal));
  await removeJob(lease.client, namespace, removal, signal);
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
  here.acted(here.wakes ? "wake" : "ask");
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
