/**
 * What is known of a run while it runs: the evidence, the newest objects as the cluster gave them, and the way to wait
 * for a change of them.
 */
import type { Job } from "kubernetes-types/batch/v1";
import type { Event, Pod } from "kubernetes-types/core/v1";
import { isOlder } from "../../kubernetes/resource-version.ts";
import type { RunFacts } from "../shared/run-terms.ts";
import type { EarlierPod, Evidence } from "./evidence/evidence.ts";
import { noEvidence, type Observation, reduceEvidence } from "./evidence/reduce.ts";

export interface ObservedRun {
  readonly evidence: Evidence;
  readonly job: Job | null;
  readonly pod: Pod | null;
  readonly events: readonly Event[];
  add(seen: Observation): void;
  /** Calls back after each observation; returns the way to stop. */
  subscribe(listener: () => void): () => void;
  /** Resolves at the next observation; rejects with the signal's reason. */
  changed(signal: AbortSignal): Promise<void>;
  /** Resolves as soon as `holds` does; rejects with the signal's reason. */
  until(holds: () => boolean, signal: AbortSignal): Promise<void>;
}

const MAX_EVENTS = 40;

/** The answer to a call may arrive after the watch has reported a later state; a watch may also start with an earlier one. */
function isStale(seen: Observation, job: Job | null, pod: Pod | null): boolean {
  if (seen.kind === "job") return !seen.deleted && isOlder(seen.job, job);
  return seen.kind === "pod" && !seen.deleted && isOlder(seen.pod, pod);
}

export function createObservedRun(facts: RunFacts, earlier: readonly EarlierPod[] = []): ObservedRun {
  let evidence = noEvidence(facts, earlier);
  let job: Job | null = null;
  let pod: Pod | null = null;
  let events: Event[] = [];
  const listeners = new Set<() => void>();

  const keep = (seen: Observation): void => {
    if (seen.kind === "job") job = seen.job;
    else if (seen.kind === "pod" && evidence.pod && seen.pod.metadata?.uid === evidence.pod.uid) pod = seen.pod;
    else if (seen.kind === "event")
      events = [...events.filter(({ metadata }) => metadata?.uid !== seen.event.metadata?.uid), seen.event].slice(
        -MAX_EVENTS,
      );
  };

  const observed: ObservedRun = {
    get evidence() {
      return evidence;
    },
    get job() {
      return job;
    },
    get pod() {
      return pod;
    },
    get events() {
      return events;
    },
    add: (seen) => {
      if (isStale(seen, job, pod)) return;
      evidence = reduceEvidence(evidence, seen);
      keep(seen);
      for (const listener of [...listeners]) listener();
    },
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    changed: (signal) =>
      new Promise((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason);
        const abort = (): void => {
          stop();
          reject(signal.reason);
        };
        const stop = observed.subscribe(() => {
          stop();
          signal.removeEventListener("abort", abort);
          resolve();
        });
        signal.addEventListener("abort", abort, { once: true });
      }),
    until: async (holds, signal) => {
      while (!holds()) await observed.changed(signal);
    },
  };
  return observed;
}
