import type { ClusterLease } from "../../kubernetes/cluster-registry.ts";
import type { Observer } from "../../kubernetes/watch/observer.ts";
import type { RunPlan } from "../plan/plan.ts";
import type { LaunchedRun } from "../shared/launched-run.ts";
import { LABELS, madeBy, ofNoInstance, RUNS } from "../shared/names.ts";

/** Of this Paperclip's Jobs and pods; of a run that adopted the Job of a version before: of those that name no Paperclip. */
export function observerOf(
  lease: ClusterLease,
  { namespace, installation }: Pick<RunPlan, "namespace" | "installation">,
  run?: LaunchedRun,
): Observer {
  const says = run?.object.metadata?.labels?.[LABELS.instance] ?? (run ? undefined : installation.label);
  return lease.observer(namespace, says === undefined ? ofNoInstance(RUNS) : madeBy(RUNS, installation.label));
}
