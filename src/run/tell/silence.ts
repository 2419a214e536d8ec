/** Reports that a silent run is alive: Paperclip flags a run without events for an hour (measured). */
import type { Clock } from "../../kubernetes/clock.ts";
import type { FeedHealth } from "../../kubernetes/watch/resource-feed.ts";
import type { Host, Notice } from "../../paperclip/host.ts";
import { describeWaiting, type ObservedRun } from "../observe/observe.ts";
import { CONTAINER } from "../shared/names.ts";
import type { SilenceLimits } from "../shared/run-terms.ts";
import { queuedNotice } from "./progress.ts";

/** Milliseconds of silence between two reports. */
const SILENCE_MS = 10 * 60_000;

/** Milliseconds after which a watch's last state counts as stale: a bookmark comes each minute. */
const CURRENT_FOR_MS = 3 * 60_000;

export interface SilenceReport {
  readonly host: Host;
  readonly observed: ObservedRun;
  /** Health of the watch on pods; undefined = there is none. */
  readonly podsHealth: () => FeedHealth | undefined;
  /** Those that the run's agent was started with. */
  readonly limits: SilenceLimits;
  readonly clock: Clock;
  /** Aborts when the run is over. */
  readonly signal: AbortSignal;
}

export interface SilenceReporter {
  /** A line of the agent has arrived. */
  lineArrived(): void;
}

/** Sends a notice for each ten minutes of silence of a running container or in a queue, until the signal aborts. */
export function reportSilence(report: SilenceReport): SilenceReporter {
  const { host, clock, signal } = report;
  let arrivedAt = clock.now();
  let reportedAt = arrivedAt;
  const watch = async (): Promise<void> => {
    for (;;) {
      const next = Math.max(arrivedAt, reportedAt) + SILENCE_MS;
      await clock.sleep(Math.max(0, next - clock.now()), signal);
      if (clock.now() < Math.max(arrivedAt, reportedAt) + SILENCE_MS) continue;
      reportedAt = clock.now();
      const notice = noticeOf(report, arrivedAt, reportedAt);
      if (notice) await host.notice(notice);
    }
  };
  watch().catch(() => "the run is over");
  return {
    lineArrived: () => {
      arrivedAt = clock.now();
    },
  };
}

function noticeOf({ observed, podsHealth, limits }: SilenceReport, since: number, now: number): Notice | null {
  const { pod } = observed.evidence;
  if (!pod) return stillQueued(observed);
  // A pod that is being deleted may show `running` only because its node is unreachable.
  if (pod?.presence !== "present" || pod.agent.state !== "running" || pod.deletionAskedAt !== null) return null;
  const unseenSince = lastSeen(podsHealth(), now);
  if (unseenSince !== null) return unreachable(pod.name, unseenSince);
  const minutes = Math.round((now - since) / 60_000);
  const silent = `The agent in pod ${pod.name} has printed nothing for ${minutes} minutes; its container is running.`;
  const payload = { pod: pod.name, minutes, ...limits };
  return { type: "k8s.pod.silent", message: `${silent} ${consequenceOf(limits, since)}`, payload };
}

/** A queue may take hours. */
function stillQueued({ job, events, evidence }: ObservedRun): Notice | null {
  const waiting = describeWaiting({ pod: null, job, events, container: CONTAINER, queue: evidence.queue });
  return waiting.state === "queued" ? queuedNotice(waiting, evidence) : null;
}

/** Time of the last contact with the API server, milliseconds since 1970; null: the watch is current. */
function lastSeen(health: FeedHealth | undefined, now: number): number | null {
  if (!health) return 0;
  const { state, lastContactAt } = health;
  const isCurrent = (state === "watching" || state === "polling") && now - lastContactAt <= CURRENT_FOR_MS;
  return isCurrent ? null : lastContactAt;
}

function unreachable(pod: string, since: number): Notice {
  const last = since === 0 ? "does not answer" : `has not answered since ${timeOfDay(since)}`;
  return {
    type: "k8s.observation.unreachable",
    level: "warn",
    message: `The API server ${last}: whether the agent in pod ${pod} is running is not known. Its Job does not need Paperclip and keeps running.`,
    payload: { pod },
  };
}

/** What will happen to a silent agent, and when. */
export function consequenceOf({ silenceLimitSec, toolSilenceLimitSec }: SilenceLimits, since: number): string {
  const after = (sec: number): string => `after ${duration(sec)} of silence, around ${timeOfDay(since + sec * 1000)}`;
  if (silenceLimitSec === 0 && toolSilenceLimitSec === 0)
    return "Nothing ends it, because silenceLimitSec is 0: stop the run, or set a limit for the next one.";
  if (silenceLimitSec === toolSilenceLimitSec)
    return `It is ended ${after(silenceLimitSec)} (silenceLimitSec, toolSilenceLimitSec).`;
  const idle =
    silenceLimitSec > 0
      ? `It is ended ${after(silenceLimitSec)} (silenceLimitSec)`
      : "Nothing ends it (silenceLimitSec is 0)";
  const tool =
    toolSilenceLimitSec > 0
      ? `during a tool call it is ended ${after(toolSilenceLimitSec)} (toolSilenceLimitSec)`
      : "during a tool call nothing ends it (toolSilenceLimitSec is 0)";
  return `${idle}; ${tool}.`;
}

const duration = (sec: number): string => (sec % 60 === 0 ? `${sec / 60} minutes` : `${sec} seconds`);

const timeOfDay = (at: number): string => `${new Date(at).toISOString().slice(11, 16)} UTC`;
