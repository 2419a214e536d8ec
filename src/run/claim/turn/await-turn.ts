/**
 * Holds an elected candidate back until the operator's bound on Jobs at once has room for it: see turn-order.ts for why
 * no two processes start more than that. The Job itself stands in line, so its turn outlives this process.
 */
import type { Job } from "kubernetes-types/batch/v1";
import { ApiError } from "../../../kubernetes/api-error.ts";
import type { CallOptions } from "../../../kubernetes/call-options.ts";
import type { KubernetesClient } from "../../../kubernetes/client.ts";
import { isTransient } from "../../../kubernetes/http/retry.ts";
import { jobs } from "../../../kubernetes/resource-types.ts";
import type { Observer } from "../../../kubernetes/watch/observer.ts";
import type { Host } from "../../../paperclip/host.ts";
import type { RunPlan } from "../../plan/plan.ts";
import { nameOf, stateOf } from "../../shared/job-state.ts";
import type { JobInCluster } from "../../shared/launched-run.ts";
import { ANNOTATIONS, madeBy, RUNS } from "../../shared/names.ts";
import { RunFault } from "../../shared/run-fault.ts";
import { TurnNotices } from "./notices.ts";
import { arrivalOf, decideReservation, isBounded, type JobsSeen, reservationOf, turnOf } from "./order.ts";
import { TurnStalls } from "./stalls.ts";
import { TurnView } from "./view.ts";

export interface TurnRequest {
  readonly client: KubernetesClient;
  /** Sees this Paperclip's Jobs and pods, which are those that count. */
  readonly observer: Pick<Observer, "observe">;
  readonly plan: Pick<RunPlan, "namespace" | "jobsAtOnce" | "installation">;
  /** Gets notices of what is waited for. */
  readonly host: Pick<Host, "notice" | "status">;
  /** Called each time that it is seen to wait. @default nobody is told */
  readonly onWaiting?: () => void;
}

/** Milliseconds between lists while a later reservation is to be released. */
const POLL_EVERY_MS = 300;
/** Milliseconds that others get to release a reservation. */
const SETTLED_WITHIN_MS = 30_000;
/** Milliseconds after a reservation that was not granted, or a cluster that did not answer: this and up to as much more. */
const AGAIN_AFTER_MS = 500;
/** Milliseconds after which it is decided again at the latest, from what the watches have shown, without a request. */
const DECIDE_EVERY_MS = 30_000;
/** Milliseconds before that at the least: a reservation that cannot be revoked now is tried again. */
const DECIDE_AFTER_MS = 1_000;

/**
 * The Job as it is with its reservation, which unsuspend() holds to; or as it is when it is no candidate any more. Throws
 * RunFault, ApiError, or the signal's reason.
 */
export async function awaitTurn(
  request: TurnRequest,
  job: JobInCluster,
  options: CallOptions & { readonly signal: AbortSignal },
): Promise<Job> {
  const { client, observer, host, plan } = request;
  const { bounds } = plan.jobsAtOnce;
  if (!isBounded(bounds)) return job.object;
  const view = new TurnView(observer, job.uid, plan.installation, client.clock);
  const notices = new TurnNotices(client.clock, host, plan.jobsAtOnce);
  const stalls = new TurnStalls();
  try {
    for (;;) {
      const mine = view.own ?? job.object;
      if (view.isOwnDeleted || stateOf(mine) === "leaving") throw gone(client, job);
      if (stateOf(mine) !== "candidate") return mine;
      const { seen } = view;
      const turn = turnOf(mine, seen, bounds, stalls.passedOver);
      const look = ({ candidates }: JobsSeen) => stalls.look(client.clock.now(), turn.expected, candidates);
      const stalled = look(seen);
      if (turn.kind === "next") {
        const reserved = await reserve(request, job, view, look, options);
        if (reserved) {
          notices.granted();
          return reserved;
        }
        await client.clock.sleep(AGAIN_AFTER_MS * (1 + client.random()), options.signal);
        continue;
      }
      if (stalled.hasPassedOver) continue;
      notices.waiting(turn, mine);
      request.onWaiting?.();
      if (!mine.metadata?.annotations?.[ANNOTATIONS.queued]) await queue(request, job, mine, options);
      for (const stale of stalled.stale) await revoke(client, plan.namespace, stale, options.signal);
      const untilDue = Math.max(DECIDE_AFTER_MS, stalled.dueAt - client.clock.now());
      await view.changed(Math.min(untilDue, DECIDE_EVERY_MS), options.signal);
    }
  } finally {
    view.stop();
  }
}

/** From then on it stands in line also for a later process: the supervisor wakes its agent, and does not remove it. */
async function queue(request: TurnRequest, job: JobInCluster, mine: Job, options: CallOptions): Promise<void> {
  await annotate(request, job, { [ANNOTATIONS.queued]: arrivalOf(mine) }, options);
}

/** Takes a place from a process that is gone, by a write that fails once the Job was unsuspended. */
async function revoke(client: KubernetesClient, namespace: string, job: Job, signal: AbortSignal): Promise<void> {
  const { uid, resourceVersion } = job.metadata ?? {};
  const patch = { metadata: { uid, resourceVersion, annotations: { [ANNOTATIONS.reserved]: null } } };
  try {
    await client.patch(jobs, namespace, nameOf(job), patch, { signal, retryForMs: 0 });
  } catch (error) {
    // It has changed, or is gone, or the cluster does not answer: it is looked at again.
    if (!(error instanceof ApiError)) throw error;
  }
}

/** Null when others were before, or the cluster does not answer. Throws RunFault, ApiError, or the signal's reason. */
async function reserve(
  request: TurnRequest,
  job: JobInCluster,
  view: TurnView,
  look: (seen: JobsSeen) => void,
  options: CallOptions & { readonly signal: AbortSignal },
): Promise<Job | null> {
  const { client, plan } = request;
  const { clock } = client;
  const began = clock.now();
  if (!(await annotate(request, job, { [ANNOTATIONS.reserved]: new Date(began).toISOString() }, options))) return null;
  for (;;) {
    const labelSelector = madeBy(RUNS, plan.installation.label);
    const list = await whileReachable(() => client.list(jobs, plan.namespace, { labelSelector, ...options }));
    const mine = list?.items.find(({ metadata }) => metadata.uid === job.uid);
    if (list && (!mine || stateOf(mine) === "leaving")) throw gone(client, job);
    if (mine && stateOf(mine) !== "candidate") return mine;
    // Another process took it for abandoned.
    if (mine && reservationOf(mine) === null) return null;
    const seen = list && view.withListed(list.items);
    const decision = seen && mine ? decideReservation(mine, seen, plan.jobsAtOnce.bounds) : "release";
    if (decision === "start" && mine) return mine;
    // Whoever is waited for here, and is gone, is so since now.
    if (seen) look(seen);
    if (decision === "release" || clock.now() - began > SETTLED_WITHIN_MS) {
      await annotate(request, job, { [ANNOTATIONS.reserved]: null }, options);
      return null;
    }
    await clock.sleep(POLL_EVERY_MS, options.signal);
  }
}

/** Null when it could not be written now. Throws RunFault when the Job is gone, or ApiError. */
async function annotate(
  { client, plan }: TurnRequest,
  job: JobInCluster,
  annotations: Readonly<Record<string, string | null>>,
  options: CallOptions,
): Promise<Job | null> {
  const patch = { metadata: { uid: job.uid, annotations } };
  try {
    return await whileReachable(() => client.patch(jobs, plan.namespace, job.name, patch, options));
  } catch (error) {
    if (error instanceof ApiError && error.notFound) throw gone(client, job);
    throw error;
  }
}

/** Null while the cluster cannot be reached: a run that waits for hours outlives that. Throws other ApiErrors. */
async function whileReachable<T>(call: () => Promise<T>): Promise<T | null> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof ApiError && isTransient(error)) return null;
    throw error;
  }
}

function gone({ clock }: KubernetesClient, { name }: JobInCluster): RunFault {
  const message = `Job ${name} was deleted while it waited for its turn`;
  const fix = "Start the task again, if it is still wanted.";
  return new RunFault({
    code: "k8s_job_deleted_externally",
    message,
    fix,
    status: null,
    fatal: true,
    at: clock.now(),
  });
}
