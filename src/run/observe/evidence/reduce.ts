import type { Job } from "kubernetes-types/batch/v1";
import type { Event, Pod } from "kubernetes-types/core/v1";
import type { AgentResult } from "../../../claude/claude-code.ts";
import { jobsOf } from "../../../kubernetes/watch/pods-by-job.ts";
import type { Seal } from "../../../runner/seal.ts";
import type { Fault } from "../../shared/run-fault.ts";
import type { RunFacts } from "../../shared/run-terms.ts";
import type { QueueReading } from "../queue/reading.ts";
import { type Act, NO_ACTS, recordAct } from "./acts.ts";
import { recordEvent } from "./events.ts";
import type { EarlierPod, Evidence, TranscriptReport } from "./evidence.ts";
import { type JobFacts, readJob } from "./job.ts";
import { type PodFacts, readPod } from "./pod.ts";
import { sealIn } from "./sealed.ts";

/** One thing that was seen. `at` is the adapter's clock, milliseconds since 1970. */
export type Observation =
  | { readonly kind: "job"; readonly job: Job; readonly deleted: boolean; readonly at: number }
  /** A request for the Job found nothing (404). */
  | { readonly kind: "job-gone"; readonly at: number }
  | { readonly kind: "pod"; readonly pod: Pod; readonly deleted: boolean; readonly at: number }
  /** A request for the pod found nothing (404, or a list without it). */
  | { readonly kind: "pod-gone"; readonly at: number }
  /** A list of the Job's pods found none, and none was known before. */
  | { readonly kind: "no-pod" }
  | { readonly kind: "event"; readonly event: Event }
  | { readonly kind: "queue"; readonly reading: QueueReading }
  | { readonly kind: "transcript"; readonly report: TranscriptReport }
  | { readonly kind: "log-sealed"; readonly seal: Seal; readonly at: number }
  | { readonly kind: "agent"; readonly result: AgentResult }
  | { readonly kind: "act"; readonly act: Act }
  | { readonly kind: "fault"; readonly fault: Fault };

const MAX_FAULTS = 20;

export function noEvidence(run: RunFacts, earlier: readonly EarlierPod[] = []): Evidence {
  return {
    run,
    job: null,
    pod: null,
    nextPod: null,
    earlier,
    hasNoPod: false,
    seal: null,
    logSeal: null,
    queue: null,
    events: [],
    transcript: null,
    agent: null,
    acts: NO_ACTS,
    faults: [],
  };
}

/** What is known after one more observation. Pure; order is that of the observations. */
export function reduceEvidence(evidence: Evidence, seen: Observation): Evidence {
  const next = withObservation(evidence, seen);
  if (next.logSeal === null || (next.seal && !next.seal.partial)) return next;
  const { seal } = next.logSeal;
  if (isSealedStop(next)) return { ...next, seal };
  return next.pod?.recorder ? { ...next, seal: sealIn(next.pod, seal) } : next;
}

/**
 * The agent of a run that the adapter has stopped has ended, by its log. While its pod is being deleted the cluster reports
 * that only when every other container has ended too; and should the log be a forgery of the agent's, it is killed at the end
 * of its grace, and its pod holds the slot until then.
 */
export function isSealedStop({ acts, job, logSeal }: Evidence): boolean {
  // A recorder that lost the agent from sight does not know of its end.
  if (logSeal === null || logSeal.seal.ending === "unknown") return false;
  if (acts.cancel === null || job === null) return false;
  // A queue's Job is deleted, with its reason where that could be written.
  return job.stoppedBecause !== null || job.deletionTimestamp !== null || job.presence !== "present";
}

function withObservation(evidence: Evidence, seen: Observation): Evidence {
  switch (seen.kind) {
    case "log-sealed":
      return { ...evidence, logSeal: evidence.logSeal ?? { seal: seen.seal, seenAt: seen.at } };
    case "job":
      return { ...evidence, job: observeJob(evidence, seen.job, seen.deleted, seen.at) };
    case "job-gone":
      return { ...evidence, job: markGone(evidence.job, seen.at) };
    case "pod":
      return observePod(evidence, seen.pod, seen.deleted, seen.at);
    case "pod-gone":
      return { ...evidence, pod: markGone(evidence.pod, seen.at) };
    case "no-pod":
      return { ...evidence, hasNoPod: evidence.pod === null };
    case "event":
      return { ...evidence, events: recordEvent(evidence.events, seen.event) };
    case "queue":
      return { ...evidence, queue: seen.reading };
    case "transcript":
      return { ...evidence, transcript: seen.report };
    case "agent":
      return { ...evidence, agent: seen.result };
    case "act":
      return { ...evidence, acts: recordAct(evidence.acts, seen.act) };
    case "fault":
      return { ...evidence, faults: boundFaults([...evidence.faults, seen.fault]) };
  }
}

/** A Job of the same name with another UID is not ours; it shows that ours is gone. */
function observeJob({ job: before, run }: Evidence, job: Job, deleted: boolean, at: number): JobFacts | null {
  if (before && before.uid !== job.metadata?.uid) return markGone(before, at);
  return readJob(before, job, run.container, deleted, at);
}

function observePod(evidence: Evidence, pod: Pod, deleted: boolean, at: number): Evidence {
  // A Job of the same name may have had a pod before ours: only the UID tells whose pod it is.
  if (!evidence.job || !belongsTo(pod, evidence.job.uid)) return evidence;
  if (evidence.earlier.some(({ uid }) => uid === pod.metadata?.uid)) return evidence;
  if (evidence.pod && isOlder(pod, evidence.pod)) return evidence;
  if (evidence.pod && evidence.job.queue !== null && pod.metadata?.uid !== evidence.pod.uid)
    return { ...evidence, nextPod: evidence.nextPod ?? pod.metadata?.uid ?? null };
  const facts = readPod(evidence.pod, pod, evidence.run, deleted, at);
  return {
    ...evidence,
    pod: facts,
    hasNoPod: false,
    seal: sealIn(facts) ?? sealOf(evidence, facts),
  };
}

function sealOf(evidence: Evidence, pod: PodFacts): Evidence["seal"] {
  return evidence.pod?.uid === pod.uid ? evidence.seal : null;
}

/** True for a pod whose owner is the Job with this UID; the label counts for an orphan without owner. */
export function belongsTo(pod: Pod, jobUid: string): boolean {
  return jobUid !== "" && jobsOf(pod).includes(jobUid);
}

/** A late observation of a pod that has been replaced. */
function isOlder(pod: Pod, known: PodFacts): boolean {
  if (pod.metadata?.uid === known.uid) return false;
  return (pod.metadata?.creationTimestamp ?? "") < (known.createdAt ?? "");
}

function markGone<T extends { presence: string; endedAt: number | null }>(facts: T | null, at: number): T | null {
  return facts?.presence === "present" ? { ...facts, presence: "gone", endedAt: at } : facts;
}

/** The first faults say how it began, the last how it ended; a fatal one is never dropped. */
function boundFaults(faults: readonly Fault[]): readonly Fault[] {
  if (faults.length <= MAX_FAULTS) return faults;
  const middle = faults.findIndex((fault, index) => index >= MAX_FAULTS / 2 && !fault.fatal);
  return faults.toSpliced(middle === -1 ? MAX_FAULTS / 2 : middle, 1);
}
