/** The end of a run: the verdict on its evidence, the host's result, then clean-up. */
import type { AdapterExecutionResult } from "@paperclipai/adapter-utils";
import type { Job } from "kubernetes-types/batch/v1";
import type { KubernetesClient } from "../../kubernetes/client.ts";
import type { Host } from "../../paperclip/host.ts";
import { comesBack, type ObservedRun } from "../observe/observe.ts";
import { type RunPlan, removeTranscriptCopy } from "../plan/plan.ts";
import type { LaunchedRun } from "../shared/launched-run.ts";
import { ANNOTATIONS } from "../shared/names.ts";
import { classifyStop, successorOf } from "../stop/stop.ts";
import { judge, type Verdict } from "../verdict/verdict.ts";
import { finishInBackground } from "./background.ts";
import { marking, ownRemoval, removalOnceEnded, suspension } from "./clean-up.ts";
import { type Collection, collectWhenRecorded } from "./collect.ts";
import { labelSession } from "./label-session.ts";
import { toExecutionResult } from "./result.ts";

export { finishInBackground } from "./background.ts";
export { cleanUp, withdrawal } from "./clean-up.ts";
export { isExpiredProbe, removeExpiredProbes } from "./expired-probes.ts";
export { abandon, refuse } from "./refuse.ts";
export { toExecutionResult } from "./result.ts";

export interface ConcludeInput {
  readonly client: KubernetesClient;
  readonly run: LaunchedRun;
  readonly observed: ObservedRun;
  readonly plan: Pick<RunPlan, "identity" | "retain">;
  readonly host: Host;
  /** Who stops a run that is ending anyway waits for our acknowledgement all the same. */
  readonly stopSignal: AbortSignal;
  /** The run's Job as the watch shows it now; null where it does not, or is over. */
  readonly newestJob: () => Job | null;
  /** By what the clean-up goes on when the result is out. */
  readonly collection: Collection;
}

export async function conclude(input: ConcludeInput): Promise<AdapterExecutionResult> {
  const { observed, run } = input;
  const verdict = judge(observed.evidence);
  await tellWorkLeft(input, verdict);
  await clearUp(input, verdict);
  recordLateCancel(input);
  const result = toExecutionResult(await nameableSession(input, verdict), observed.evidence, run.terms.session);
  return goesOn(input, verdict) || isBilled(run) ? withoutBill(result) : result;
}

/** The Job stays, and whoever adopts it reports it from the first line on. */
const goesOn = ({ observed }: ConcludeInput, verdict: Verdict): boolean =>
  verdict.kind === "detached" || isLost(observed);

/** The supervisor has entered what it used: its run was lost, and its task over. */
const isBilled = ({ object }: LaunchedRun): boolean => object.metadata?.annotations?.[ANNOTATIONS.billed] !== undefined;

/** What is given is added to the ledger: each run's figures are to be there once. */
function withoutBill({ usage: _, usageBasis: __, ...result }: AdapterExecutionResult): AdapterExecutionResult {
  return { ...result, costUsd: null };
}

/** What was not pushed is told where a person looks, whatever the verdict is. */
async function tellWorkLeft({ host }: ConcludeInput, { workLeft }: Verdict): Promise<void> {
  if (!workLeft) return;
  const level = workLeft.isLost ? "warn" : "info";
  await host.notice({ type: "k8s.workspace.left", message: workLeft.sentence, level });
  await host.status(workLeft.sentence);
}

/** A verdict on a Job that goes on names its session only where the Job shows it. */
async function nameableSession(input: ConcludeInput, verdict: Verdict): Promise<Verdict> {
  const { sessionId } = verdict;
  const { client, run } = input;
  if (!goesOn(input, verdict) || sessionId === null || (await labelSession(client, run, sessionId))) return verdict;
  return { ...verdict, sessionId: null };
}

async function clearUp(input: ConcludeInput, verdict: Verdict): Promise<void> {
  const { client, run, observed, plan, host, collection } = input;
  const { runId } = plan.identity;
  // A run that goes on without us, that we cannot see, or that belongs to another, keeps everything.
  if (goesOn(input, verdict) || successorOf(observed, runId)) return;
  const orphans = orphansOf(input);
  if (orphans) await host.status(orphans);
  // A stopped Job has no pod to look at any more, and no TTL: the cluster never collects it.
  const wasStopped = observed.evidence.job?.stoppedBecause !== null;
  // A queue took the pod back when its agent had finished, and would start it again.
  const wouldReturn = comesBack(observed.evidence);
  const keep = plan.retain && !wasStopped && !wouldReturn;
  // What was stopped is nobody's to take over; what ended by itself is proof until its outcome is on record.
  if (!keep && !wasStopped && !wouldReturn && (await collectWhenRecorded(collection, run))) return;
  const own = { job: { ...run, object: observed.job ?? run.object }, runId, newest: input.newestJob };
  const remove = verdict.stopped ? ownRemoval : removalOnceEnded;
  const step = keep ? marking(own) : remove(own);
  const left = await step(client);
  const { acquire } = collection;
  if (left) {
    const later = (await finishInBackground(acquire, step)) ? "the adapter goes on trying" : "it is left";
    await host.status(
      `Job ${run.namespace}/${run.name} could not be ${keep ? "marked" : "deleted"} yet, ${later}: ${left}`,
    );
  }
  if (keep && hasLivingSidecar(observed)) await finishInBackground(acquire, suspension(run, client.clock));
  if (!keep) await removeTranscriptCopy(run.object, client.clock);
}

/**
 * A container that does not end with the agent's (a service mesh's, Vault's), or that waits for its image for ever: its pod
 * never ends, so no TTL begins.
 */
function hasLivingSidecar({ evidence: { pod } }: ObservedRun): boolean {
  if (pod?.presence !== "present" || pod.phase === "Succeeded" || pod.phase === "Failed") return false;
  return pod.others.some(({ init, state }) => !init && state !== "terminated");
}

/** The Job was deleted and not its pod, which is what the API does unless it is told otherwise; we may not delete pods. */
function orphansOf({ run: { namespace, name }, observed }: ConcludeInput): string | null {
  const { pod } = observed.evidence;
  if (!pod || observed.pod?.metadata?.ownerReferences?.length) return null;
  const left = [...(pod.presence === "present" ? [`pod/${pod.name}`] : []), `secret/${name}`];
  return `Job ${namespace}/${name} was deleted without what it owned, and nobody collects that now: kubectl -n ${namespace} delete ${left.join(" ")}`;
}

/** It changes nothing about the verdict; without an acknowledgement the host would say that nobody knows what became of it. */
function recordLateCancel({ client, observed, stopSignal }: ConcludeInput): void {
  if (!stopSignal.aborted) return;
  const request = classifyStop(stopSignal.reason);
  if (request.kind === "cancel") observed.add({ kind: "act", act: { ...request, at: client.clock.now() } });
}

/** We lost it from sight and nobody asked for its end: it may be alive. */
function isLost({ evidence: { faults, acts } }: ObservedRun): boolean {
  return (acts.gaveUpPod !== null || faults.some(({ fatal }) => fatal)) && !acts.cancel && !acts.gaveUp;
}
