/** Obeys what is asked while a run goes on: to stop the agent, or to leave it to a successor. */
import type { KubernetesClient } from "../../kubernetes/client.ts";
import { isOfRun, runIdOf } from "../shared/job-state.ts";
import { hasEnded } from "../observe/end-of-run.ts";
import type { Fault } from "../observe/evidence/evidence.ts";
import type { LaunchedJob } from "../shared/launched-run.ts";
import type { RunRecord } from "../observe/observed-run.ts";
import { stopJob } from "./suspend-job.ts";
import { readStopRequest } from "./stop-reason.ts";

export interface StopRequests {
  /** Aborts when the run is left alone, or a stopped one does not end: nobody waits for the agent any more. */
  readonly detached: AbortSignal;
  /** Stops the agent on our own account. */
  stop(because: string): void;
  /** Leaves the agent alone because of this. */
  leave(because: Fault): void;
}

export interface StopRequestsInput {
  readonly client: KubernetesClient;
  readonly runId: string;
  readonly job: LaunchedJob;
  readonly record: RunRecord;
  readonly graceSec: number;
  /** See stop-orders.ts; its reason tells what is wanted. */
  readonly orders: AbortSignal;
  /** The run is over: there is nothing to obey any more. */
  readonly over: AbortSignal;
}

/** Seconds beyond grace that a stopped pod gets to be gone: kubelet and controllers work in steps of a second. */
const STOPPED_WITHIN_SEC = 60;

export function obeyStopRequests(input: StopRequestsInput): StopRequests {
  const { client, job, record, graceSec, orders, over } = input;
  const detached = new AbortController();
  const stopAndWait = async (because: string): Promise<void> => {
    await stopJob(client, job, because, record, over);
    await client.clock.sleep((graceSec + STOPPED_WITHIN_SEC) * 1000, over);
    detached.abort(new Error("the stopped pod did not end in time"));
  };
  const stop = (because: string): void => {
    stopAndWait(because).catch(() => "the run is over");
  };
  const detach = (reason: string): void => {
    // Adding it to the record calls its listeners, ours too.
    if (record.evidence.acts.detach || detached.signal.aborted) return;
    record.add({ kind: "act", act: { kind: "detach", reason, at: client.clock.now() } });
    detached.abort(new Error(reason));
  };
  const obey = (): void => {
    const request = readStopRequest(orders.reason);
    if (request.kind === "detach") detach(request.reason);
    else {
      record.add({ kind: "act", act: { ...request, at: client.clock.now() } });
      stop(request.reason);
    }
  };
  const stopLooking = record.subscribe(() => {
    const successor = successorOf(record, input.runId);
    if (successor) detach(`run ${successor} has taken over its Job`);
  });
  if (orders.aborted) obey();
  else orders.addEventListener("abort", obey, { once: true, signal: over });
  over.addEventListener("abort", stopLooking, { once: true });
  const leave = (because: Fault): void => {
    if (hasEnded(record.evidence)) return;
    record.add({ kind: "fault", fault: because });
    detached.abort(new Error(because.message));
  };
  return { detached: detached.signal, stop, leave };
}

/** The run that the Job belongs to now, when that is not ours any more: then it is no longer ours to stop or delete. */
export function successorOf({ job }: Pick<RunRecord, "job">, runId: string): string | null {
  return job && !isOfRun(job, runId) ? runIdOf(job) : null;
}
