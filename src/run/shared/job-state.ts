/** What a Job of an agent is to the agent's next run. Pure. */
import type { Job } from "kubernetes-types/batch/v1";
import type { Pod } from "kubernetes-types/core/v1";
import { isGated, queueOf, queueStateOf } from "./kueue.ts";
import { ANNOTATIONS, CONTAINER, jobName, LABELS, labelValue } from "./names.ts";
import { overdueEnd } from "./unknown-agent.ts";

export type JobState =
  /** Being deleted: it blocks no run. */
  | "leaving"
  /** Its outcome was reported, or an operator abandoned it; kept for inspection. */
  | "collected"
  /** It ended, and its outcome is not reported yet. */
  | "finished"
  /** An adapter stopped it: nothing of it starts again. */
  | "stopped"
  /** Created suspended and never let go: nothing of it ever ran. */
  | "candidate"
  /** Unsuspended, or in the hands of a queue: its agent runs, or will. */
  | "started";

export function stateOf(job: Job): JobState {
  const { metadata, spec, status } = job;
  const annotations = metadata?.annotations ?? {};
  if (metadata?.deletionTimestamp) return "leaving";
  if (annotations[ANNOTATIONS.collected] || isAbandoned(job)) return "collected";
  if (hasFinished(job)) return "finished";
  // A queue unsuspends a Job again: what it is to end is annotated, and then deleted.
  if (queueOf(job) !== null && annotations[ANNOTATIONS.stopped]) return "stopped";
  if (spec?.suspend !== true) return "started";
  if (annotations[ANNOTATIONS.stopped]) return "stopped";
  // Somebody else may suspend and resume Jobs as well: what has run before is no candidate.
  const ranBefore = annotations[ANNOTATIONS.started] || status?.startTime || status?.active;
  return ranBefore ? "started" : "candidate";
}

/** Not let go by any process: a candidate, whatever a queue that knows no gates has made of it. */
export const isHeld = (job: Job): boolean =>
  stateOf(job) === "candidate" || (isGated(job) && stateOf(job) === "started");

const ENDS = ["Complete", "Failed", "SuccessCriteriaMet", "FailureTarget"];
/** A condition that the adapter gives its own view of a Job; the cluster never has it. */
const AGENT_ENDED = "AgentEnded";
/** As above. */
const AGENT_UNKNOWN = "AgentUnknown";

function hasFinished(job: Job): boolean {
  return trueConditions(job).some(({ type }) => ENDS.includes(type) || type === AGENT_ENDED);
}

const trueConditions = ({ status }: Job) =>
  (status?.conditions ?? []).filter((condition) => condition.status === "True");

/**
 * The Jobs as their pods show them. The cluster counts a Job as running while any container of its pod runs; a sidecar that
 * does not end (a service mesh's, Vault's) runs for ever. A Job whose agent's container has ended has finished; of one whose
 * node is silent nobody can say.
 */
export function withPods<T extends Job>(jobs: readonly T[], pods: readonly Pod[], now: number): readonly T[] {
  const podsOf = Map.groupBy(pods, ownerOf);
  return jobs.map((job) => {
    const own = podsOf.get(job.metadata?.uid ?? "") ?? [];
    const endedAt = agentEndedAt(own.filter((pod) => !comesBack(job, pod)));
    if (endedAt !== null) return withCondition(job, AGENT_ENDED, endedAt);
    const overdue = own.some((pod) => (overdueEnd(job, pod)?.at ?? Number.POSITIVE_INFINITY) <= now);
    return overdue ? withCondition(job, AGENT_UNKNOWN) : job;
  });
}

/** What a queue takes back it starts again, in a new pod. */
const comesBack = (job: Job, { metadata }: Pod): boolean =>
  metadata?.deletionTimestamp !== undefined && ["evicting", "waiting", "admitted"].includes(queueStateOf(job).kind);

function withCondition<T extends Job>(job: T, type: string, lastTransitionTime?: string): T {
  const condition = { type, status: "True", ...(lastTransitionTime ? { lastTransitionTime } : {}) };
  return { ...job, status: { ...job.status, conditions: [...(job.status?.conditions ?? []), condition] } };
}

/** Uid of the Job that owns it: one does at most, its controller. */
const ownerOf = ({ metadata }: Pod): string | undefined =>
  metadata?.ownerReferences?.find(({ kind }) => kind === "Job")?.uid;

/** Null while the agent may run in one of them, or has never run. */
function agentEndedAt(pods: readonly Pod[]): string | null {
  const ends = pods.map(({ status }) => {
    const agent = status?.containerStatuses?.find(({ name }) => name === CONTAINER);
    return agent?.state?.terminated?.finishedAt ?? null;
  });
  return ends.includes(null) ? null : (ends.toSorted().at(-1) ?? null);
}

/** An operator knows that its agent does not run. */
export const isAbandoned = (job: Job): boolean => job.metadata?.annotations?.[ANNOTATIONS.abandoned] === "true";

/** Nobody can say whether its agent runs: see unknown-agent.ts. */
export const isAgentUnknown = (job: Job): boolean => trueConditions(job).some(({ type }) => type === AGENT_UNKNOWN);

/** Since when another container keeps the pod going whose agent has ended, by the cluster's clock; null: none does. */
export function sidecarSince(job: Job): string | null {
  const conditions = trueConditions(job);
  if (job.spec?.suspend === true || conditions.some(({ type }) => ENDS.includes(type))) return null;
  return conditions.find(({ type }) => type === AGENT_ENDED)?.lastTransitionTime ?? null;
}

/** Of a suspended Job: false once its controller has seen that and counts no pod, also none that is being ended. */
export function hasPods({ status }: Job): boolean {
  const suspended = status?.conditions?.some(({ type, status: is }) => type === "Suspended" && is === "True") ?? false;
  return !suspended || (status?.active ?? 0) + (status?.terminating ?? 0) > 0;
}

/** An adapter stopped it, whatever it is now. */
export const wasStopped = (job: Job): boolean => job.metadata?.annotations?.[ANNOTATIONS.stopped] !== undefined;

/** The run that a Job belongs to now: whole where the annotation has it, else as the label could hold it. */
export function runIdOf(job: Job): string | null {
  return idIn(job, ANNOTATIONS.runId) ?? job.metadata?.labels?.[LABELS.runId] ?? null;
}

/** Whole where the annotation has it, else as the label could hold it. */
export function taskIdOf(object: Job | Pod): string | null {
  return idIn(object, ANNOTATIONS.taskId) ?? object.metadata?.labels?.[LABELS.taskId] ?? null;
}

/** Characters of the longest id that is one: it becomes part of addresses and sentences. */
const MAX_ID = 256;

function idIn({ metadata }: Job | Pod, annotation: string): string | null {
  const id = metadata?.annotations?.[annotation];
  return id !== undefined && id.length <= MAX_ID ? id : null;
}

/** The session of the agent; null as long as it works in a fresh one whose id no result has named. As the label could hold it. */
export function sessionLabelOf({ metadata }: Job | Pod): string | null {
  return metadata?.labels?.[LABELS.sessionId] ?? null;
}

/** True when the Job belongs to another run than the one that created it. */
export function isAdopted(job: Job): boolean {
  const agent = job.metadata?.labels?.[LABELS.agentId];
  const runId = runIdOf(job);
  return agent !== undefined && runId !== null && nameOf(job) !== jobName(agent, runId);
}

/** The run that it was adopted from last; null where it does not say. */
export const adoptedFrom = (job: Job): string | null => idIn(job, ANNOTATIONS.adoptedFrom);

export function isOfRun(job: Job, runId: string): boolean {
  const id = runIdOf(job);
  return id !== null && (id === runId || id === labelValue(runId));
}

/** True for a Job of the environment test, which belongs to no run. */
export const isProbe = (job: Job): boolean => job.metadata?.labels?.[LABELS.probe] !== undefined;

/** For sentences. */
export function describeJob(job: Job): string {
  const taskId = taskIdOf(job);
  return `Job ${nameOf(job)}${taskId ? ` (task ${taskId})` : ""}`;
}

export const nameOf = (job: Job): string => job.metadata?.name ?? "";

export const newestFirst = (a: Job, b: Job): number =>
  (b.metadata?.creationTimestamp ?? "").localeCompare(a.metadata?.creationTimestamp ?? "");
