/**
 * Observes one run: what the cluster shows of its Job and its pod becomes evidence, for as long as the run goes on.
 *
 * The watches that all runs of a cluster share bring changes (`watch-run`); where a watch is late, the cluster
 * is asked itself (`find-pod`); all of it is reduced to `Evidence`, on which alone the verdict rests.
 */

import type { KubernetesClient } from "../../kubernetes/client.ts";
import type { Clock } from "../../kubernetes/clock.ts";
import type { Observer } from "../../kubernetes/watch/observer.ts";
import { agentCli } from "../shared/agent-cli.ts";
import { firstOf } from "../shared/first-of.ts";
import type { LaunchedRun } from "../shared/launched-run.ts";
import { causeIsPending } from "./end-of-run.ts";
import { type FindPod, podFinder } from "./find-pod.ts";
import { createObservedRun, type ObservedRun } from "./observed-run.ts";
import { watchRun } from "./watch-run.ts";

export { hasEnded } from "./end-of-run.ts";
export type { ActsTaken } from "./evidence/acts.ts";
export type { EarlierPod, Evidence, TranscriptGap, TranscriptReport } from "./evidence/evidence.ts";
export { type JobFacts, trueCondition } from "./evidence/job.ts";
export type { ContainerFacts, PodFacts, RecorderFacts, Terminated } from "./evidence/pod.ts";
export { isSealedStop, noEvidence, type Observation, reduceEvidence } from "./evidence/reduce.ts";
export type { FindPod } from "./find-pod.ts";
export { JobView } from "./job-view.ts";
export { untilPodLost } from "./lost-pod.ts";
export { createObservedRun, type ObservedRun } from "./observed-run.ts";
export { observerOf } from "./observer-of.ts";
export { comesBack } from "./queue/comes-back.ts";
export { queueReader, type ReadQueue } from "./queue/read-queue.ts";
export { readReturn } from "./queue/read-return.ts";
export { tellRetries } from "./tell-retries.ts";
export { requireVisibility, untilVisibilityLost } from "./visibility.ts";
export { ofContainer } from "./waiting/container.ts";
export { fixForInitContainer, fixForWaiting } from "./waiting/fixes.ts";
export { describeWaiting, type Patience, type Waiting } from "./waiting/waiting.ts";

export interface RunObservation {
  /** All that is known of the run; grows until `stop`. */
  readonly observed: ObservedRun;
  /** Resolves once all that exists of the run is known: what is not there by then does not exist. */
  readonly synced: Promise<void>;
  /** Asks the cluster itself for the run's pod. */
  readonly findPod: FindPod;
  stop(): void;
}

/**
 * `signal` ends it as `stop` does; `synced` then rejects.
 *
 * @param before the record of the run up to the pod that its queue has taken back last
 */
export function observeRun(
  client: KubernetesClient,
  observer: Observer,
  run: LaunchedRun,
  signal: AbortSignal,
  before?: ObservedRun,
): RunObservation {
  const observed = createObservedRun(run.terms.facts, before?.evidence.earlier);
  observed.add({ kind: "job", job: before?.job ?? run.object, deleted: false, at: client.clock.now() });
  const findPod = podFinder(client, observer, run, observed);
  const watch = watchRun(client, observer, run, observed, findPod, signal);
  return { observed, findPod, ...watch };
}

/** The record with its pod among the earlier ones, for the observation of the next. */
export function withEarlierPod({ evidence, ...rest }: ObservedRun, why: string | null): ObservedRun {
  const { pod, earlier, transcript, agent, seal } = evidence;
  if (!pod) return { ...rest, evidence };
  const said = agentCli.resultOf(agent, seal);
  const taken = { name: pod.name, uid: pod.uid, node: pod.node, why, transcript, agent: said };
  return { ...rest, evidence: { ...evidence, earlier: [...earlier, taken] } };
}

/** Milliseconds that the cluster gets to report why a container ended. */
const CAUSE_WITHIN_MS = 5_000;

/** Waits until the cluster has reported why the run ended, where it is about to, within a bound. Never rejects. */
export async function untilCauseIsKnown(observed: ObservedRun, clock: Clock, signal: AbortSignal): Promise<void> {
  if (!causeIsPending(observed.evidence)) return;
  const waits = [
    (stop: AbortSignal) => observed.until(() => !causeIsPending(observed.evidence), stop),
    (stop: AbortSignal) => clock.sleep(CAUSE_WITHIN_MS, stop),
  ];
  await firstOf(signal, waits).catch(() => "the run is over");
}
