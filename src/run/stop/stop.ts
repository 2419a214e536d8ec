/** Obeys what is asked while a run goes on: to stop the agent, or to leave it to a successor. */
import type { KubernetesClient } from "../../kubernetes/client.ts";
import { hasEnded, type ObservedRun } from "../observe/observe.ts";
import { isOfRun, runIdOf } from "../shared/job-state.ts";
import type { LaunchedRun } from "../shared/launched-run.ts";
import type { Fault } from "../shared/run-fault.ts";
import { classifyStop } from "./stop-reason.ts";
import { suspendJob } from "./suspend-job.ts";

export { classifyStop, type StopRequest } from "./stop-reason.ts";
export { createStopSignal } from "./stop-signal.ts";
export { suspendPatch } from "./suspend-job.ts";

export interface StopControl {
  /** Aborts when the run is left alone, or a stopped one does not end: nobody waits for the agent any more. */
  readonly detached: AbortSignal;
  /** Stops the agent on our own account. */
  stop(because: string): void;
  /** Leaves the agent alone because of this. */
  leave(because: Fault): void;
}

export interface StopControlInput {
  readonly client: KubernetesClient;
  readonly runId: string;
  readonly run: LaunchedRun;
  readonly observed: ObservedRun;
  /** See stop-stopSignal.ts; its reason tells what is wanted. */
  readonly stopSignal: AbortSignal;
  /** The run is over: there is nothing to obey any more. */
  readonly over: AbortSignal;
}

/** Seconds beyond grace that a stopped pod gets to be gone: kubelet and controllers work in steps of a second. */
const STOPPED_WITHIN_SEC = 60;

export function enforceStop(input: StopControlInput): StopControl {
  const { client, run, observed, stopSignal, over } = input;
  const { graceSec } = run.terms;
  const detached = new AbortController();
  const stopAndWait = async (because: string): Promise<void> => {
    await suspendJob(client, run, because, observed, over);
    await client.clock.sleep((graceSec + STOPPED_WITHIN_SEC) * 1000, over);
    detached.abort(new Error("the stopped pod did not end in time"));
  };
  const stop = (because: string): void => {
    stopAndWait(because).catch(() => "the run is over");
  };
  const detach = (reason: string): void => {
    // Adding it to the record calls its listeners, ours too.
    if (observed.evidence.acts.detach || detached.signal.aborted) return;
    observed.add({ kind: "act", act: { kind: "detach", reason, at: client.clock.now() } });
    detached.abort(new Error(reason));
  };
  const obey = (): void => {
    const request = classifyStop(stopSignal.reason);
    if (request.kind === "detach") detach(request.reason);
    else {
      observed.add({ kind: "act", act: { ...request, at: client.clock.now() } });
      stop(request.reason);
    }
  };
  const stopLooking = observed.subscribe(() => {
    const successor = successorOf(observed, input.runId);
    if (successor) detach(`run ${successor} has taken over its Job`);
  });
  if (stopSignal.aborted) obey();
  else stopSignal.addEventListener("abort", obey, { once: true, signal: over });
  over.addEventListener("abort", stopLooking, { once: true });
  const leave = (because: Fault): void => {
    if (hasEnded(observed.evidence)) return;
    observed.add({ kind: "fault", fault: because });
    detached.abort(new Error(because.message));
  };
  return { detached: detached.signal, stop, leave };
}

/** The run that the Job belongs to now, when that is not ours any more: then it is no longer ours to stop or delete. */
export function successorOf({ job }: Pick<ObservedRun, "job">, runId: string): string | null {
  return job && !isOfRun(job, runId) ? runIdOf(job) : null;
}
