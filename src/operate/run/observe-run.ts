/** Observes one run as the adapter does, by the same watches and the same follower, and changes nothing. */
import type { ApiError } from "../../kubernetes/api-error.ts";
import type { Observer } from "../../kubernetes/watch/observer.ts";
import { followRun, type TranscriptSink } from "../../run/follow/follow.ts";
import { type FindPod, hasEnded, type ObservedRun, observeRun, untilCauseIsKnown } from "../../run/observe/observe.ts";
import { stateOf } from "../../run/shared/job-state.ts";
import { type LaunchedRun, launchedRun } from "../../run/shared/launched-run.ts";
import { LABELS, RUNS_AND_PROBES } from "../../run/shared/names.ts";
import type { RunTerms } from "../../run/shared/run-terms.ts";
import { withTimeout } from "../../run/shared/with-timeout.ts";
import { judge, type Verdict } from "../../run/verdict/verdict.ts";
import { OperatorError } from "../look/operator-error.ts";
import type { FoundJob } from "../look/snapshot.ts";
import { UNKNOWN_FACTS } from "./read-waiting.ts";

/** Of a Job that does not carry its own: a version before 1.0 made it. */
const UNKNOWN_TERMS: RunTerms = {
  facts: UNKNOWN_FACTS,
  graceSec: 60,
  silence: { silenceLimitSec: 0, toolSilenceLimitSec: 0 },
  session: {},
};

export interface RunObserved extends Disposable {
  readonly found: FoundJob;
  readonly run: LaunchedRun;
  readonly observed: ObservedRun;
  readonly observer: Observer;
  readonly findPod: FindPod;
  /** Aborts with the caller's, and when the cluster does not let the run be observed. */
  readonly signal: AbortSignal;
}

/** Resolves once all that exists of the run is known. Throws ApiError when the cluster denies that, or the signal's reason. */
export async function observeFound(found: FoundJob, caller: AbortSignal): Promise<RunObserved> {
  const { place, job } = found;
  const { client } = place.lease;
  const stop = new AbortController();
  const signal = AbortSignal.any([caller, stop.signal]);
  const observer = place.lease.observer(job.metadata.namespace, selectorOf(found));
  const run = launchedRun(job, UNKNOWN_TERMS);
  const { observed, synced, findPod, stop: stopObserving } = observeRun(client, observer, run, signal);
  const end = (): void => {
    stop.abort(new Error("it is not observed any more"));
    stopObserving();
  };
  try {
    await Promise.race([synced, denied(observer, signal), late(found, observer, signal)]);
    return { found, run, observed, observer, findPod, signal, [Symbol.dispose]: end };
  } catch (error) {
    end();
    throw error;
  }
}

/** Milliseconds that the cluster gets to show what there is of the run. */
const SYNC_WITHIN_MS = 30_000;

async function late({ place }: FoundJob, observer: Observer, signal: AbortSignal): Promise<never> {
  await place.lease.client.clock.sleep(SYNC_WITHIN_MS, signal, { keepsAlive: false });
  const { jobs, pods } = observer.health ?? {};
  throw (
    jobs?.error ?? pods?.error ?? new OperatorError("The cluster does not show its Jobs and pods.", "Ask again later.")
  );
}

async function denied(observer: Observer, signal: AbortSignal): Promise<never> {
  const error: ApiError = await observer.denied(signal);
  throw error;
}

/** Not those of all agents: a command is short, and its watches begin with a list. */
const selectorOf = ({ job }: FoundJob): string => {
  const agent = job.metadata.labels?.[LABELS.agentId];
  return agent === undefined ? RUNS_AND_PROBES : `${RUNS_AND_PROBES},${LABELS.agentId}=${agent}`;
};

/** The transcript into the sink, and what it shows into the evidence. Never rejects for what the cluster does. */
export function followFound(
  { found, run, observed, signal }: RunObserved,
  sink: TranscriptSink,
  until: "end" | "now",
): Promise<void> {
  return followRun({ client: found.place.lease.client, run, observed, sink, signal, until });
}

/** Takes a transcript in without showing it. */
export const silentSink = (line: TranscriptSink["line"] = () => undefined): TranscriptSink => ({
  onLog: () => Promise.resolve(),
  page: undefined,
  line,
  notice: () => undefined,
  close: () => Promise.resolve(null),
});

/** Milliseconds that an agent's end gets to be seen whose Job says that it has ended. */
const END_WITHIN_MS = 5_000;

/** Whether its agent has ended, by the Job's own word where its pod is gone. Rejects with the signal's reason. */
export async function hasRunEnded({ found, observed, signal }: RunObserved): Promise<boolean> {
  if (hasEnded(observed.evidence)) return true;
  if (["candidate", "started"].includes(stateOf(found.job))) return false;
  // Jobs and pods come by two watches, and a pod that is gone is asked for first.
  const ended = observed.until(() => hasEnded(observed.evidence), signal).then(() => true);
  return withTimeout(found.place.lease.client.clock, END_WITHIN_MS, ended, false);
}

/** The verdict, once the cluster has reported why the agent ended. Its transcript is in the evidence, or there is none. */
export async function verdictOf({ found, observed, signal }: RunObserved): Promise<Verdict> {
  await untilCauseIsKnown(observed, found.place.lease.client.clock, signal);
  return judge(observed.evidence);
}
