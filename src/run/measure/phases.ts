import type { Job } from "kubernetes-types/batch/v1";
import type { Phase } from "../../telemetry/phases.ts";
import type { RunTelemetry } from "../../telemetry/run-telemetry.ts";
import { hasEnded, type ObservedRun } from "../observe/observe.ts";
import { type QueueState, queueStateOf } from "../shared/kueue.ts";

/**
 * Has the phases between launch and end begin as the cluster shows them; that the agent works is seen by its first line,
 * which the follower tells. Returns the way to stop.
 */
export function trackPhases(observed: ObservedRun, run: Pick<RunTelemetry, "enter">): () => void {
  const look = (): void => {
    const phase = phaseOf(observed);
    if (phase !== null) run.enter(phase);
  };
  look();
  return observed.subscribe(look);
}

/** The phase that begins when the Job was let go. */
export const phaseOfLaunched = (job: Job): Phase => (isQueued(queueStateOf(job)) ? "queue" : "schedule");

const isQueued = ({ kind }: QueueState): boolean => kind === "waiting" || kind === "gated";

/**
 * The latest phase that the evidence shows; null as long as no pod was seen, for that of an adopted Job may be anywhere. Of one
 * in a queue it is known: it has none.
 */
export function phaseOf({ evidence, job }: Pick<ObservedRun, "evidence" | "job">): Phase | null {
  if (hasEnded(evidence)) return "drain";
  const { pod } = evidence;
  if (pod === null) return job && isQueued(queueStateOf(job)) ? "queue" : null;
  if (pod.node === null) return "schedule";
  return pod.agent.ran ? "start" : "pull";
}
