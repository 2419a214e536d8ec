/**
 * The cluster's state, as far as it may concern a run. The agent's own Jobs are listed: no resourceVersion is asked for,
 * so the answer is no older than the question. The rest has been there for a while where it matters, so the watches that
 * all runs share are read, and the API server only while they are not up.
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Job } from "kubernetes-types/batch/v1";
import type { Pod } from "kubernetes-types/core/v1";
import { ApiError } from "../../kubernetes/api-error.ts";
import type { CallOptions } from "../../kubernetes/call-options.ts";
import type { KubernetesClient } from "../../kubernetes/client.ts";
import { jobs, pods } from "../../kubernetes/resource-types.ts";
import type { Observer } from "../../kubernetes/watch/observer.ts";
import type { RunPlan } from "../plan/plan.ts";
import { firstOf } from "../shared/first-of.ts";
import { withPods } from "../shared/job-state.ts";
import { agentLabel, LABELS, labelValue, RUNS, type RunIdentity } from "../shared/names.ts";
import type { ClusterState } from "./decide.ts";
import { relationOf } from "./slot.ts";

/** Milliseconds that the watches get to sync where they alone may show the pods. */
const SEEN_WITHIN_MS = 60_000;
/** Milliseconds for which the first run of a process waits for its watches rather than list what they are about to show. */
const UP_WITHIN_MS = 500;
/** Each of these lists is read by the server from all of a namespace, once or more by each run that starts. */
const START = { paced: true };

type Place = Pick<RunPlan, "namespace" | "identity" | "installation">;

/** All Jobs of the agent, those of versions before too, which did not say which Paperclip made them. Throws ApiError. */
async function jobsOfAgent(client: KubernetesClient, place: Place, options: CallOptions): Promise<readonly Job[]> {
  const labelSelector = ofAgent(place.identity);
  return (await client.list(jobs, place.namespace, { labelSelector, ...options, ...START })).items.filter(
    mayBeOf(place),
  );
}

const mayBeOf =
  ({ installation }: Place) =>
  ({ metadata }: Job | Pod): boolean =>
    (metadata?.labels?.[LABELS.instance] ?? installation.label) === installation.label;

/** The agent's Jobs and pods, and other agents' Jobs of the run's task. Throws ApiError. */
export async function readClusterState(
  client: KubernetesClient,
  observer: Observer,
  place: Place,
  options: CallOptions,
): Promise<ClusterState> {
  await up(client, observer, options.signal);
  const shared = await watched(observer, place.identity);
  const [own, seen] = await Promise.all([
    jobsOfAgent(client, place, options),
    shared ?? seenOrListed(client, observer, place, options),
  ]);
  // The watches are of this Paperclip's objects, and those of versions before do not say that they are.
  const complete = own.every(({ metadata }) => metadata?.labels?.[LABELS.instance] !== undefined);
  const { jobs: others, pods: found } = complete ? seen : await listed(client, place, options, seen.pods);
  return { jobs: withPods([...own, ...others], found, client.clock.now()), pods: found };
}

/** All Jobs of the agent, as its pods show them. Throws ApiError. */
export async function jobsAndPodsOfAgent(
  client: KubernetesClient,
  place: Place,
  options: CallOptions,
): Promise<readonly Job[]> {
  const [found, ended] = await Promise.all([jobsOfAgent(client, place, options), podsOfAgent(client, place, options)]);
  // The election asks whose agent has ended: without the right to see that, none has.
  return withPods(found, ended ?? [], client.clock.now());
}

/**
 * By lists; where pods may not be listed, by the watches once they are up. Without the right to either no run is started, which
 * is decided later.
 */
async function seenOrListed(
  client: KubernetesClient,
  observer: Observer,
  place: Place,
  options: CallOptions,
): Promise<ClusterState> {
  const found = await listed(client, place, options, null);
  if (found.pods !== null) return { ...found, pods: found.pods };
  const late = async (stop: AbortSignal): Promise<never> => {
    await client.clock.sleep(SEEN_WITHIN_MS, stop);
    const request = { verb: "watch", resource: "pods", namespace: place.namespace };
    const detail = `not within ${SEEN_WITHIN_MS / 1000} s, and no list is allowed`;
    throw new ApiError({ kind: "timeout", request, detail });
  };
  await firstOf<unknown>(options.signal, [(stop) => observer.synced(stop), (stop) => observer.denied(stop), late]);
  return (await watched(observer, place.identity)) ?? { ...found, pods: [] };
}

/** Resolves when the watches are up, are denied, or take too long. Rejects with the signal's reason. */
async function up({ clock }: KubernetesClient, observer: Observer, signal: AbortSignal | undefined): Promise<void> {
  const waits = [
    (stop: AbortSignal) => observer.synced(stop),
    (stop: AbortSignal) => observer.denied(stop),
    (stop: AbortSignal) => clock.sleep(UP_WITHIN_MS, stop),
  ];
  // Whatever it is that fails: then the API server itself is asked.
  await firstOf<unknown>(signal, waits).catch(() => undefined);
  signal?.throwIfAborted();
}

/** Null while the watches are not up. */
async function watched(observer: Observer, identity: RunIdentity): Promise<ClusterState | null> {
  const synced = observer.synced().then(
    () => true,
    () => false,
  );
  if (!(await Promise.race([synced, nextTurn(false)]))) return null;
  const { health } = observer;
  if (health?.jobs.state !== "watching" || health.pods.state !== "watching") return null;
  const others: Job[] = [];
  const found: Pod[] = [];
  const stop = observer.observe(undefined, ({ resource, object }) => {
    const relation = relationOf(identity, object);
    if (resource === "jobs" && relation === "task") others.push(object);
    if (resource === "pods" && relation !== null && relation !== "task") found.push(object);
  });
  stop();
  return { jobs: others, pods: found };
}

/** `unlisted` stands for the pods where they may not be listed. */
async function listed<T extends readonly Pod[] | null>(
  client: KubernetesClient,
  place: Place,
  options: CallOptions,
  unlisted: T,
): Promise<{ readonly jobs: readonly Job[]; readonly pods: readonly Pod[] | T }> {
  const { namespace, identity } = place;
  const labelSelector = ofOthersOnTask(identity);
  const others = labelSelector && client.list(jobs, namespace, { labelSelector, ...options, ...START });
  const [found, onTask] = await Promise.all([podsOfAgent(client, place, options), others]);
  return { jobs: onTask ? onTask.items.filter(mayBeOf(place)) : [], pods: found ?? unlisted };
}

/** Null without the right to list them. */
async function podsOfAgent(
  client: KubernetesClient,
  place: Place,
  options: CallOptions,
): Promise<readonly Pod[] | null> {
  const labelSelector = ofAgent(place.identity);
  try {
    return (await client.list(pods, place.namespace, { labelSelector, ...options, ...START })).items.filter(
      mayBeOf(place),
    );
  } catch (error) {
    if (error instanceof ApiError && error.forbidden) return null;
    throw error;
  }
}

const ofAgent = ({ agentId }: RunIdentity): string => `${RUNS},${LABELS.agentId}=${agentLabel(agentId)}`;

/** Other agents' Jobs of the run's task; null for a run without one. */
function ofOthersOnTask({ agentId, companyId, taskId }: RunIdentity): string | null {
  const [company, task] = [labelValue(companyId), labelValue(taskId)];
  if (task === null) return null;
  const ofCompany = company === null ? "" : `,${LABELS.companyId}=${company}`;
  return `${RUNS}${ofCompany},${LABELS.taskId}=${task},${LABELS.agentId}!=${agentLabel(agentId)}`;
}
