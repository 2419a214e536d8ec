/** What the host is told while a run goes on: the notices of its Job, its silence, its stop, its transcript. */
import { ApiError } from "../../src/kubernetes/api-error.ts";
import type { KubernetesClient } from "../../src/kubernetes/client.ts";
import type { Clock } from "../../src/kubernetes/clock.ts";
import type { Observer } from "../../src/kubernetes/watch/observer.ts";
import type { FeedHealth } from "../../src/kubernetes/watch/resource-feed.ts";
import type { Host, Notice } from "../../src/paperclip/host.ts";
import type { FollowEvent } from "../../src/run/follow/assemble/events.ts";
import { missingLine, suspicionLine } from "../../src/run/follow/assemble/missing.ts";
import { noticeOf } from "../../src/run/follow/notices.ts";
import { createObservedRun, type ObservedRun } from "../../src/run/observe/observed-run.ts";
import { tellRetries } from "../../src/run/observe/tell-retries.ts";
import { untilVisibilityLost } from "../../src/run/observe/visibility.ts";
import { planRun } from "../../src/run/plan/run-plan.ts";
import { jobInCluster } from "../../src/run/shared/launched-run.ts";
import { createStopSignal } from "../../src/run/stop/stop-signal.ts";
import { announceAdoption, announceJob } from "../../src/run/tell/announce.ts";
import { reportProgress } from "../../src/run/tell/progress.ts";
import { reportSilence } from "../../src/run/tell/silence.ts";
import { ended, JOB, job, pod, RUN, RUNNING, T0 } from "../run/support/evidence.ts";
import { input } from "../run/support/plan-input.ts";

export interface Lines {
  readonly title: string;
  readonly lines: readonly string[];
}

/** Collects what a host is told. */
function listener(): Host & { readonly told: string[] } {
  const told: string[] = [];
  const nothing = async (): Promise<void> => {};
  const notice = async ({ type, message, level = "info" }: Notice): Promise<void> => {
    told.push(`${type} (${level}): ${message}`);
  };
  const status = async (message: string): Promise<void> => {
    told.push(`[paperclip] ${message}`);
  };
  return { told, notice, status, invocation: nothing, activity: nothing, dispatched: () => {}, faults: [] };
}

const IN_CLUSTER = jobInCluster({
  ...JOB,
  spec: { template: { spec: { containers: [{ name: "claude", image: "agent:1" }] } } },
});

async function life(): Promise<Lines> {
  const host = listener();
  await announceJob(host, IN_CLUSTER);
  const observed = createObservedRun(RUN);
  const stop = reportProgress(observed, host);
  const leaving = { deletionTimestamp: "2026-11-22T07:01:00Z", deletionGracePeriodSeconds: 30 };
  for (const seen of [job(), pod({ phase: "Pending" }), pod(RUNNING), pod(RUNNING, leaving), ended(0)])
    observed.add(seen);
  await stop();
  return { title: "From its Job to its end", lines: host.told };
}

async function adoption(title: string, from: string | null): Promise<Lines> {
  const host = listener();
  await announceAdoption(host, planRun(input()), IN_CLUSTER, from);
  return { title, lines: host.told };
}

const running = (): ObservedRun => {
  const observed = createObservedRun(RUN);
  observed.add(job());
  observed.add(pod(RUNNING));
  return observed;
};

/** A clock on which each wait passes at once, until the signal aborts. */
function leapingClock(): Clock {
  let now = T0;
  return {
    now: () => now,
    sleep: async (ms, signal) => {
      signal?.throwIfAborted();
      now += ms;
    },
  };
}

/** The first notice of a silence. */
async function silence(title: string, limits: readonly [number, number], health?: Partial<FeedHealth>): Promise<Lines> {
  const clock = leapingClock();
  const over = new AbortController();
  const lines: string[] = [];
  await new Promise<void>((resolve) => {
    const host: Host = {
      ...listener(),
      notice: async ({ type, message, level = "info" }) => {
        lines.push(`${type} (${level}): ${message}`);
        over.abort();
        resolve();
      },
    };
    reportSilence({
      host,
      observed: running(),
      podsHealth: () => ({ state: "watching", since: T0, lastContactAt: clock.now(), ...health }),
      limits: { silenceLimitSec: limits[0], toolSilenceLimitSec: limits[1] },
      clock,
      signal: over.signal,
    });
  });
  return { title, lines };
}

async function rightsLost(): Promise<Lines> {
  const host = listener();
  const request = { verb: "watch", resource: "pods", namespace: "agents" };
  const detail = 'pods is forbidden: User "paperclip" cannot watch resource "pods"';
  const denial = new ApiError({ kind: "status", status: 403, reason: "Forbidden", request, detail });
  const observer = { denied: async () => denial, denial } as unknown as Observer;
  const client = { clock: leapingClock() } as unknown as KubernetesClient;
  const fault = await untilVisibilityLost(client, observer, host, new AbortController().signal);
  return { title: "The right to watch is taken away", lines: [...host.told, `after a minute: ${fault.message}`] };
}

async function apiRetried(): Promise<Lines> {
  const host = listener();
  const clock = leapingClock();
  const request = { verb: "create", resource: "jobs", namespace: "agents" };
  const failures = [
    new ApiError({ kind: "status", status: 401, reason: "Unauthorized", request, detail: "Unauthorized" }),
    new ApiError({ kind: "status", status: 503, request, detail: "starting" }),
    new ApiError({ kind: "unreachable", code: "ECONNREFUSED", request, detail: "connect ECONNREFUSED" }),
    new ApiError({ kind: "timeout", request, detail: "the API server did not answer within 30 s" }),
    new ApiError({ kind: "credentials", request, detail: "the exec plugin failed without a message" }),
  ];
  const over = new AbortController();
  const retriedCall = () => {
    const error = failures[Math.floor((clock.now() - T0 - 6000) / 3000)];
    if (clock.now() - T0 > 6000 + 3000 * failures.length) over.abort();
    return error ? { since: T0, error } : null;
  };
  await tellRetries({ retriedCall, clock } as unknown as KubernetesClient, host, over.signal);
  return { title: "The API server refuses or fails before there is a Job", lines: host.told };
}

function cancellationUnseen(): Lines {
  const lines: string[] = [];
  createStopSignal({
    ctx: {
      runId: "run-1",
      agent: { id: "agent", companyId: "company", name: "Ada", adapterType: "claude_k8s", adapterConfig: {} },
    },
    record: { url: "http://paperclip", token: "token" },
    readStatus: async () => ({ kind: "unknown" }),
    cancellations: {
      watch: ({ onDenied }) => {
        onDenied("Paperclip answers 401");
        return () => {};
      },
    },
    warn: async (message) => void lines.push(`[paperclip] ${message}`),
    runEnded: new AbortController().signal,
  });
  return { title: "Paperclip does not accept the run's token", lines };
}

const GAP = { channel: "stdout", from: 4, to: 6, cause: "lost" } as const;

const FOLLOW_EVENTS: readonly FollowEvent[] = [
  { type: "refilled", channel: "stdout", from: 4, to: 6, source: "log API" },
  { type: "missing", missing: { ...GAP, why: "the node lost them while it rotated the log" } },
  { type: "conflict", channel: "stdout", line: 5 },
  { type: "sink-fault", sink: "onLog", error: new Error("the database is locked") },
  { type: "spill", error: new Error("ENOSPC: no space left on device") },
];

const transcript = (): Lines => ({
  title: "The transcript",
  lines: [
    ...FOLLOW_EVENTS.map((event) => `k8s.log.${event.type} (warn): ${noticeOf(event)}`),
    missingLine({ ...GAP, channel: "stderr", to: 4, why: "the pod was gone before they were read" }),
    suspicionLine({ after: "2026-11-22T07:00:01Z", before: "2026-11-22T07:00:09Z" }),
  ],
});

export const notices = (): Promise<Lines[]> =>
  Promise.all([
    life(),
    adoption("It adopts the Job of a run that has ended", "run-1"),
    adoption("It adopts its own Job after a restart", null),
    silence("A silence without a limit", [0, 0]),
    silence("A silence with one limit", [3600, 3600]),
    silence("A silence with two limits", [1800, 14_400]),
    silence("A silence while the API server does not answer", [0, 0], { state: "disconnected", lastContactAt: T0 }),
    rightsLost(),
    apiRetried(),
    Promise.resolve(cancellationUnseen()),
    Promise.resolve(transcript()),
  ]);
