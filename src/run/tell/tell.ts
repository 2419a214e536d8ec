/**
 * Reports a run to the host while it goes on: which Job carries it, where its pod is and why it waits, that a silent agent
 * is alive, what a working one does, and every line of its transcript in the form that the page can show.
 */
import type { AdapterExecutionContext } from "@paperclipai/adapter-utils";
import type { Clock } from "../../kubernetes/clock.ts";
import type { Observer } from "../../kubernetes/watch/observer.ts";
import type { Host } from "../../paperclip/host.ts";
import type { TranscriptSink } from "../follow/follow.ts";
import type { ObservedRun } from "../observe/observe.ts";
import type { RunTerms } from "../shared/run-terms.ts";
import { reportActivity } from "./activity.ts";
import { NoticeBudget } from "./notice-budget.ts";
import type { Page } from "./page/page.ts";
import { openTextPage } from "./page/text-pipe.ts";
import { reportProgress } from "./progress.ts";
import { reportSilence } from "./silence.ts";

export { announceAdoption, announceJob, announceReturn } from "./announce.ts";
export { type Page, planPage } from "./page/page.ts";
export { oldTranscripts, sweepTranscripts } from "./page/sweep.ts";
export { progressOf } from "./progress.ts";

export interface TellRequest {
  readonly host: Host;
  readonly onLog: AdapterExecutionContext["onLog"];
  readonly page: Page;
  readonly observed: ObservedRun;
  readonly observer: Pick<Observer, "health">;
  readonly terms: Pick<RunTerms, "silence">;
  /** Of the run's output, for the page and its file each. */
  readonly maxBytes: number;
  readonly clock: Clock;
  /** Aborts when the run is over. */
  readonly signal: AbortSignal;
}

export interface RunReporter {
  /** Where the transcript goes. */
  readonly transcript: TranscriptSink;
  /** Resolves when the last notice of the pod's progress is delivered. */
  stop(): Promise<void>;
}

export function tellRun(request: TellRequest): RunReporter {
  const { host, onLog, page, observed, observer, maxBytes, clock, signal } = request;
  const stop = reportProgress(observed, host);
  const podsHealth = () => observer.health?.pods;
  const silence = reportSilence({ host, observed, podsHealth, limits: request.terms.silence, clock, signal });
  const ended = new AbortController();
  const activity = reportActivity(host, clock, AbortSignal.any([signal, ended.signal]));
  const notices: Promise<void>[] = [];
  const budget = new NoticeBudget((type, message, level) => {
    notices.push(host.notice({ type, message, level }));
  });
  const { notice } = budget;
  const warn = (why: string): void => notice("k8s.log.file", why, "warn");
  const text = page.form === "text" ? openTextPage(page, maxBytes, clock, warn) : null;
  const transcript: TranscriptSink = {
    onLog: (stream, chunk) => onLog(stream, chunk),
    page: text?.between,
    maxBytes,
    line: (channel, line) => {
      silence.lineArrived();
      if (channel === "stdout") activity.line(line);
    },
    notice,
    close: async (lastNewline) => {
      ended.abort();
      const file = (await text?.close(lastNewline)) ?? null;
      budget.close();
      await Promise.all(notices);
      return file;
    },
  };
  return { transcript, stop };
}
