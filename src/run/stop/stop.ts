/** Carries out a Stop or a detachment of a run: suspends the Job or, of a queue, deletes it; or stops observing it so that a later run adopts it. */
import type { KubernetesClient } from "../../kubernetes/client.ts";
import { hasEnded, type ObservedRun } from "../observe/observe.ts";
import { isOfRun, runIdOf } from "../shared/job-state.ts";
import type { LaunchedRun } from "../shared/launched-run.ts";
import type { Fault } from "../shared/run-fault.ts";
import { stopJob } from "./stop-job.ts";
import { classifyStop } from "./stop-reason.ts";

export { annotateStop, endPatch, suspendPatch } from "./stop-job.ts";
export { classifyStop } from "./stop-reason.ts";
export { createStopSignal } from "./stop-signal.ts";

export interface StopControl {
  /** Aborts when the run no longer waits for the agent: it was detached, or a stopped agent has not ended in time. */
  readonly detached: AbortSignal;
  /** Stops the agent on the adapter's own account. */
  stopAgent(reason: string): void;
  /** Detaches from a running agent because of this fault; one that has ended is concluded as usual. */
  detach(fault: Fault): void;
  /** Waits no longer for an agent of which nobody can say whether it runs. */
  giveUpPod(): void;
}

export interface StopControlInput {
  readonly client: KubernetesClient;
  readonly runId: string;
  readonly run: LaunchedRun;
  readonly observed: ObservedRun;
  /** See `createStopSignal`; `classifyStop` reads its reason. */
  readonly stopSignal: AbortSignal;
  /** Aborts when the run has ended: from then on there is nothing to carry out. */
  readonly runEnded: AbortSignal;
}

export function enforceStop(input: StopControlInput): StopControl {
  const { client, run, observed, stopSignal, runEnded } = input;
  const { clock } = client;
  const detached = new AbortController();
  const stopAgent = (reason: string): void => {
    stopAndWait(input, reason).then(
      (why) => detached.abort(new Error(why)),
      () => "the run has ended",
    );
  };
  const detach = (reason: string): void => {
    // Adding it to the record calls its listeners, ours too.
    if (observed.evidence.acts.detach || detached.signal.aborted) return;
    observed.add({ kind: "act", act: { kind: "detach", reason, at: clock.now() } });
    detached.abort(new Error(reason));
  };
  const carryOut = (): void => {
    const request = classifyStop(stopSignal.reason);
    if (request.kind === "detach") detach(request.reason);
    else {
      observed.add({ kind: "act", act: { ...request, at: clock.now() } });
      stopAgent(request.reason);
    }
  };
  const unsubscribe = observed.subscribe(() => {
    const successor = successorOf(observed, input.runId);
    if (successor) detach(`run ${successor} has adopted Job ${run.name}`);
  });
  if (stopSignal.aborted) carryOut();
  else stopSignal.addEventListener("abort", carryOut, { once: true, signal: runEnded });
  runEnded.addEventListener("abort", unsubscribe, { once: true });
  return {
    detached: detached.signal,
    stopAgent,
    giveUpPod: () => detached.abort(new Error("its node does not tell of its end")),
    detach: (fault) => {
      if (hasEnded(observed.evidence)) return;
      observed.add({ kind: "fault", fault });
      detached.abort(new Error(fault.message));
    },
  };
}

/** Seconds that Paperclip waits for a stopped run before it answers its user with 409 (measured on 2026.916.1). */
const HOST_WAITS_SEC = 60;
/** Seconds of these for what comes after: the last lines, the result, the deletion. */
const CONCLUSION_SEC = 5;
/** Seconds beyond its grace that a stopped pod takes at least: Job controller and kubelet work in steps of a second. */
const CLUSTER_SEC = 10;
/** The same where the grace alone is longer than Paperclip waits. */
const PATIENT_CLUSTER_SEC = 60;

/** Milliseconds that the last lines of an agent that had ended get: there is nothing to stop, and they are there to be read. */
const LAST_LINES_MS = 10_000;

const HAD_ENDED = "the agent had ended before it was stopped";

/** Seconds from a Stop until a run returns although its pod's end was not seen. */
export function stopDeadlineSec(graceSec: number): number {
  const whileHostWaits = HOST_WAITS_SEC - CONCLUSION_SEC;
  return graceSec + CLUSTER_SEC <= whileHostWaits ? whileHostWaits : graceSec + PATIENT_CLUSTER_SEC;
}

/** Resolves, with the reason, when the agent is not to be waited for any longer; rejects when the run ends before. */
async function stopAndWait(input: StopControlInput, reason: string): Promise<string> {
  const { client, run, runId, observed, runEnded } = input;
  const ended = (): boolean => hasEnded(observed.evidence);
  const { clock } = client;
  const lastLines = async (): Promise<string> => {
    await clock.sleep(LAST_LINES_MS, runEnded);
    return HAD_ENDED;
  };
  if (ended()) return await lastLines();
  const { graceSec } = run.terms;
  const askedAt = clock.now();
  const outcome = await stopJob(client, { job: run, runId }, reason, observed, runEnded);
  // The agent gets its whole grace also when the cluster was unreachable at first.
  const leftMs = stopDeadlineSec(graceSec) * 1000 - (clock.now() - askedAt);
  const late = clock.sleep(Math.max(leftMs, (graceSec + CLUSTER_SEC) * 1000), runEnded);
  if (outcome === "stopped") await late;
  else {
    await Promise.race([late, observed.until(ended, runEnded)]);
    if (ended()) return await lastLines();
  }
  return ended() ? HAD_ENDED : "the stopped pod did not end in time";
}

/** The run that the Job belongs to now, when that is not ours any more: then it is no longer ours to stop or delete. */
export function successorOf({ job }: Pick<ObservedRun, "job">, runId: string): string | null {
  return job && !isOfRun(job, runId) ? runIdOf(job) : null;
}
