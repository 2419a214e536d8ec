/** What is different where a container of its own keeps the record. */
import type { Clock } from "../../kubernetes/clock.ts";
import type { Evidence, ObservedRun } from "../observe/observe.ts";
import type { Completeness } from "./assemble/completeness.ts";

/**
 * Milliseconds from the end of the agent's container: the recorder drains for some ten seconds at most, and seals. Where its log
 * cannot be read its own end tells, and a container that never ends, or a node that has gone silent, keeps that back.
 */
const ENDS_WITHIN_MS = 60_000;

export interface RecorderLimit {
  /** Aborts with the caller's, and when the recorder's end is overdue. */
  readonly signal: AbortSignal;
  stop(): Promise<void>;
}

export function limitRecorder(observed: ObservedRun, clock: Clock, signal: AbortSignal): RecorderLimit {
  if (!observed.evidence.run.recorder) return { signal, stop: () => Promise.resolve() };
  const overdue = new AbortController();
  const done = new AbortController();
  const either = AbortSignal.any([signal, done.signal]);
  const limit = observed
    .until(() => observed.evidence.pod?.agent.state === "terminated", either)
    .then(() => clock.sleep(ENDS_WITHIN_MS, either))
    .then(
      () => overdue.abort(new Error("the recorder's container did not end")),
      () => undefined,
    );
  const stop = async (): Promise<void> => {
    done.abort();
    await limit;
  };
  return { signal: AbortSignal.any([signal, overdue.signal]), stop };
}

/** Says why nothing is proven, where it is the recorder that was lost. */
export function withRecordersEnd(transcript: Completeness, { pod, run, seal }: Evidence): Completeness {
  if (transcript.state !== "unproven" || !run.recorder || (seal && !seal.partial)) return transcript;
  const end = pod?.recorder?.terminated;
  if (!end) return { ...transcript, why: `${transcript.why}; the recorder's container was not seen to end` };
  const early = pod.recorder?.restarted ? " before the agent's" : "";
  return {
    ...transcript,
    why: `the recorder's container ended${early} with exit code ${end.exitCode} (${end.reason}), and counted no more`,
  };
}
