/**
 * Holds an elected candidate back until the operator's bound on Jobs at once has room for it: see turn-order.ts for why
 * no two processes start more than that. The Job itself stands in line, so its turn outlives this process.
 */
import type { Job } from "kubernetes-types/batch/v1";
import { ApiError } from "../../kubernetes/api-error.ts";
import type { CallOptions } from "../../kubernetes/call-options.ts";
import type { KubernetesClient } from "../../kubernetes/client.ts";
import { isTransient } from "../../kubernetes/http/retry.ts";
import { jobs } from "../../kubernetes/resource-types.ts";
import type { Observer } from "../../kubernetes/watch/observer.ts";
import type { Host } from "../../paperclip/host.ts";
import type { RunPlan } from "../plan/plan.ts";
import { stateOf } from "../shared/job-state.ts";
import type { JobInCluster } from "../shared/launched-run.ts";
import { ANNOTATIONS, madeBy, RUNS } from "../shared/names.ts";
import { RunFault } from "../shared/run-fault.ts";
import { TurnNotices } from "./turn-notices.ts";
import { arrivalOf, decideReservation, isBounded, reservationOf, type Turn, turnOf } from "./turn-order.ts";
import { TurnStalls } from "./turn-stalls.ts";
import { TurnView } from "./turn-view.ts";

export interface TurnRequest {
  readonly client: KubernetesClient;
  /** Sees this Paperclip's Jobs and pods, which are those that count. */
  readonly observer: Pick<Observer, "observe">;
  readonly plan: Pick<RunPlan, "namespace" | "jobsAtOnce" | "installation">;
  /** Gets notices of what is waited for. */
  readonly host: Pick<Host, "notice" | "status">;
}

/** Milliseconds between lists while a later reservation is to be released. */
const POLL_EVERY_MS = 300;
/** Milliseconds that others get to release a reservation. */
const SETTLED_WITHIN_MS = 30_000;
/** Milliseconds after a reservation that was not granted, or a cluster that did not answer: this and up to as much more. */
const AGAIN_AFTER_MS = 500;
/** Milliseconds before the state in memory is looked at again without a change, while others are about to start. */
const SOON_MS = 5_000;
/** The same while nobody is. */
const LATER_MS = 60_000;

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
  const stalls = new TurnStalls(client);
  try {
    for (;;) {
      const mine = view.own ?? job.object;
      if (view.isOwnDeleted || stateOf(mine) === "leaving") throw gone(client, job);
      if (stateOf(mine) !== "candidate") return mine;
      const { seen } = view;
      const turn = turnOf(mine, seen, bounds, stalls.passedOver);
      if (turn.kind === "next") {
        const reserved = await reserve(request, job, view, options);
        if (reserved) {
          await notices.granted();
          return reserved;
        }
        await client.clock.sleep(AGAIN_AFTER_MS * (1 + client.random()), options.signal);
        continue;
      }
      if (!mine.metadata?.annotations?.[ANNOTATIONS.queued]) await queue(request, job, mine, options);
      await notices.waiting(turn, mine);
      await stalls.look(turn, seen, plan.namespace, options.signal);
      await view.changed(isSoon(turn, seen.candidates) ? SOON_MS : LATER_MS, options.signal);
    }
  } finally {
    view.stop();
  }
}

const isSoon = ({ expected }: Extract<Turn, { kind: "wait" }>, candidates: readonly Job[]): boolean =>
  expected.length > 0 || candidates.some((job) => reservationOf(job) !== null);

/** From then on it stands in line also for a later process: the supervisor wakes its agent, and does not remove it. */
async function queue(
  { client, plan }: TurnRequest,
  { uid, name }: JobInCluster,
  job: Job,
  options: CallOptions,
): Promise<void> {
  const patch = { metadata: { uid, annotations: { [ANNOTATIONS.queued]: arrivalOf(job) } } };
  await whileReachable(() => client.patch(jobs, plan.namespace, name, patch, options));
}

/** Null when others were before, or the cluster does not answer. Throws RunFault, ApiError, or the signal's reason. */
async function reserve(
  request: TurnRequest,
  job: JobInCluster,
  view: TurnView,
  options: CallOptions & { readonly signal: AbortSignal },
): Promise<Job | null> {
  const { client, plan } = request;
  const { clock } = client;
  const annotate = (reserved: string | null) => {
    const patch = { metadata: { uid: job.uid, annotations: { [ANNOTATIONS.reserved]: reserved } } };
    return whileReachable(() => client.patch(jobs, plan.namespace, job.name, patch, options));
  };
  const began = clock.now();
  if (!(await annotate(new Date(began).toISOString()))) return null;
  for (;;) {
    const labelSelector = madeBy(RUNS, plan.installation.label);
    const list = await whileReachable(() => client.list(jobs, plan.namespace, { labelSelector, ...options }));
    const mine = list?.items.find(({ metadata }) => metadata.uid === job.uid);
    if (list && (!mine || stateOf(mine) === "leaving")) throw gone(client, job);
    if (mine && stateOf(mine) !== "candidate") return mine;
    // Another process took it for abandoned.
    if (mine && reservationOf(mine) === null) return null;
    const decision =
      list && mine ? decideReservation(mine, view.withListed(list.items), plan.jobsAtOnce.bounds) : "release";
    if (decision === "start" && mine) return mine;
    if (decision === "release" || clock.now() - began > SETTLED_WITHIN_MS) {
      await annotate(null);
      return null;
    }
    await clock.sleep(POLL_EVERY_MS, options.signal);
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
