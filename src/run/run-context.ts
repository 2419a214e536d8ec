import type { AdapterExecutionContext } from "@paperclipai/adapter-utils";
import type { ClusterLease } from "../kubernetes/cluster-registry.ts";
import type { Host } from "../paperclip/host.ts";
import type { ReadRunStatus } from "../paperclip/run-status.ts";
import type { ReadTaskAssignee } from "../paperclip/task-assignee.ts";
import type { GovernedAgent } from "../policy/policy.ts";
import type { RunMeter } from "./measure/measure.ts";
import type { Dependencies } from "./shared/dependencies.ts";
import type { Page } from "./tell/tell.ts";

/** What all chapters of a run share. */
export interface RunContext {
  readonly ctx: AdapterExecutionContext;
  readonly agent: GovernedAgent;
  readonly lease: ClusterLease;
  readonly deps: Dependencies;
  readonly host: Host;
  readonly readStatus: ReadRunStatus;
  readonly readAssignee: ReadTaskAssignee;
  readonly page: Page;
  readonly meter: RunMeter;
  /** Aborts when the run is to be stopped or detached; classifyStop() reads its reason. */
  readonly stopSignal: AbortSignal;
  /** Aborts when the run has a Job, or will have none. */
  readonly launching: AbortController;
}
