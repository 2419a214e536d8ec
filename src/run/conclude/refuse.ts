/** The result of a run that broke off outside of the cluster: before it had a Job, or by a fault of the adapter itself. */
import type { AdapterExecutionResult } from "@paperclipai/adapter-utils";
import { ConfigError } from "../../config/config-error.ts";
import { KubeconfigError } from "../../kubernetes/config/kubeconfig-error.ts";
import { noEvidence, type Observation, reduceEvidence } from "../observe/observe.ts";
import { faultOf } from "../shared/api-advice.ts";
import type { LaunchedRun } from "../shared/launched-run.ts";
import { CONTAINER } from "../shared/names.ts";
import { type Fault, RunFault } from "../shared/run-fault.ts";
import { classifyStop } from "../stop/stop.ts";
import { judge } from "../verdict/verdict.ts";
import { toExecutionResult } from "./result.ts";

/** Of a run that never had a Job of its own: nothing of it is alive in the cluster. */
export function refuse(error: unknown, stopSignal: AbortSignal | undefined): AdapterExecutionResult {
  const at = Date.now();
  const facts = { container: CONTAINER, model: null, resumedSessionId: null, sessionPersists: false, timeoutSec: 0 };
  const seen: Observation[] = [];
  if (stopSignal?.aborted) {
    const request = classifyStop(stopSignal.reason);
    seen.push({ kind: "act", act: { ...request, at } });
  }
  // What stands beside an order to stop counts only when it leaves a doubt whether anything was started.
  if (!stopSignal?.aborted || error instanceof RunFault) seen.push({ kind: "fault", fault: faultFrom(error, at) });
  const evidence = seen.reduce(reduceEvidence, noEvidence(facts));
  return toExecutionResult(judge(evidence), evidence, {});
}

/** Of a run whose Job was launched or adopted: it may be alive, and is left as it is. */
export function abandon(error: unknown, run: LaunchedRun): AdapterExecutionResult {
  const at = Date.now();
  const fault = faultOf(error, { code: "k8s_observation_lost", doing: "The adapter failed while the run went on", at });
  const seen: readonly Observation[] = [
    { kind: "job", job: run.object, deleted: false, at },
    { kind: "fault", fault: error instanceof RunFault ? error.fault : fault },
  ];
  const evidence = seen.reduce(reduceEvidence, noEvidence(run.terms.facts));
  return toExecutionResult(judge(evidence), evidence, run.terms.session);
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
