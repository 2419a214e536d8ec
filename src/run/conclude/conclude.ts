/** The end of a run: the verdict on its evidence, the host's result, then clean-up. */
import type { AdapterExecutionResult } from "@paperclipai/adapter-utils";
import { ConfigError } from "../../config/config-error.ts";
import type { KubernetesClient } from "../../kubernetes/client.ts";
import { KubeconfigError } from "../../kubernetes/kubeconfig-error.ts";
import type { Host } from "../../paperclip/host.ts";
import { faultOf } from "../shared/api-advice.ts";
import { cleanUp, markCollected } from "./clean-up.ts";
import { type Fault, noEvidence, type Observation, observe } from "../observe/evidence/evidence.ts";
import type { LaunchedJob } from "../shared/launched-run.ts";
import { CONTAINER } from "../shared/names.ts";
import type { RunPlan } from "../plan/run-plan.ts";
import type { RunRecord } from "../observe/observed-run.ts";
import { toExecutionResult } from "./result.ts";
import { RunFault } from "../shared/run-fault.ts";
import { readStopRequest } from "../stop/stop-reason.ts";
import { successorOf } from "../stop/stop.ts";
import { judge, type Verdict } from "../verdict/verdict.ts";

export interface ConcludeInput {
  readonly client: KubernetesClient;
  readonly job: LaunchedJob;
  readonly record: RunRecord;
  readonly plan: Pick<RunPlan, "identity" | "retain">;
  /** What the host is to remember of the session, but for its id. */
  readonly session: RunPlan["session"];
  readonly host: Host;
  /** Who stops a run that is ending anyway waits for our acknowledgement all the same. */
  readonly orders: AbortSignal;
  /** Takes the clean-up over, where it can. */
  readonly collectLater: (job: LaunchedJob) => Promise<boolean>;
}

export async function conclude(input: ConcludeInput): Promise<AdapterExecutionResult> {
  const { record, session } = input;
  const verdict = judge(record.evidence);
  await clearUp(input, verdict);
  hearLateCancel(input);
  return toExecutionResult(verdict, record.evidence, session);
}

async function clearUp(input: ConcludeInput, verdict: Verdict): Promise<void> {
  const { client, job, record, plan, host, collectLater } = input;
  const { runId } = plan.identity;
  // A run that goes on without us, that we cannot see, or that belongs to another, keeps everything.
  if (verdict.kind === "detached" || isLost(record) || successorOf(record, runId)) return;
  const orphans = orphansOf(input);
  if (orphans) await host.status(orphans);
  // A stopped Job has no pod to look at any more, and no TTL: the cluster never collects it.
  const wasStopped = record.evidence.job?.stoppedBecause !== null;
  const keep = plan.retain && !wasStopped;
  // What was stopped is nobody's to take over; what ended by itself is proof until its outcome is on record.
  if (!keep && !wasStopped && (await collectLater(job))) return;
  const left = keep ? await markCollected(client, job, runId) : await cleanUp(client, job);
  if (left) await host.status(`Job ${job.namespace}/${job.name} could not be ${keep ? "marked" : "deleted"}: ${left}`);
}

/** The Job was deleted and not its pod, which is what the API does unless it is told otherwise; we may not delete pods. */
function orphansOf({ job: { namespace, name }, record }: ConcludeInput): string | null {
  const { pod } = record.evidence;
  if (!pod || record.pod?.metadata?.ownerReferences?.length) return null;
  const left = [...(pod.presence === "present" ? [`pod/${pod.name}`] : []), `secret/${name}`];
  return `Job ${namespace}/${name} was deleted without what it owned, and nobody collects that now: kubectl -n ${namespace} delete ${left.join(" ")}`;
}

/** It changes nothing about the verdict; without an acknowledgement the host would say that nobody knows what became of it. */
function hearLateCancel({ client, record, orders }: ConcludeInput): void {
  if (!orders.aborted) return;
  const request = readStopRequest(orders.reason);
  if (request.kind === "cancel") record.add({ kind: "act", act: { ...request, at: client.clock.now() } });
}

/** We lost it from sight and nobody asked for its end: it may be alive. */
function isLost({ evidence: { faults, acts } }: RunRecord): boolean {
  return faults.some(({ fatal }) => fatal) && !acts.cancel && !acts.gaveUp;
}

/** The result of a run that never had a Job of its own: nothing of it is alive in the cluster. */
export function refuse(error: unknown, orders: AbortSignal | undefined): AdapterExecutionResult {
  const at = Date.now();
  const facts = { container: CONTAINER, model: null, resumedSessionId: null, sessionPersists: false, timeoutSec: 0 };
  const seen: Observation[] = [];
  if (orders?.aborted) {
    const request = readStopRequest(orders.reason);
    seen.push({ kind: "act", act: { ...request, at } });
  }
  // What stands beside an order to stop counts only when it leaves a doubt whether anything was started.
  if (!orders?.aborted || error instanceof RunFault) seen.push({ kind: "fault", fault: faultFrom(error, at) });
  const evidence = seen.reduce(observe, noEvidence(facts));
  return toExecutionResult(judge(evidence), evidence, {});
}

function faultFrom(error: unknown, at: number): Fault {
  if (error instanceof RunFault) return error.fault;
  if (error instanceof ConfigError) {
    const fixes = new Set(error.problems.map(({ field, fix }) => `${field}: ${fix}`));
    const message = error.problems.map(({ field, problem }) => `${field} ${problem}`).join("; ");
    return { code: error.code, message, fix: [...fixes].join(" "), status: null, fatal: true, at };
  }
  if (error instanceof KubeconfigError)
    return { code: "k8s_kubeconfig_invalid", message: error.message, fix: error.fix, status: null, fatal: true, at };
  return faultOf(error, { code: "k8s_adapter_fault", doing: "The run could not be started", at });
}
