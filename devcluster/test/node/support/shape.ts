import type { KubeObject, StoreEvent } from "../../../src/types.ts";

/** One line of a recording: what a watcher of pods and Jobs sees, without names, times and ids. */
export interface Seen {
  readonly kind: "job" | "pod";
  readonly type: string;
  readonly shape: string;
  readonly revision: number;
}

type Json = Record<string, unknown>;

interface Recorded {
  readonly phase?: string;
  readonly cs?: readonly string[];
  readonly conds?: readonly string[];
  readonly fin?: readonly string[];
  readonly del?: string;
  readonly grace?: number;
  readonly utp?: Json;
  readonly active?: number;
  readonly ready?: number;
  readonly terminating?: number;
  readonly failed?: number;
  readonly succeeded?: number;
  readonly start?: string;
  readonly completion?: string;
  readonly reason?: string;
  readonly msg?: string;
}

/** Keeps what must be the same in every cluster. */
function shapeOf(kind: "job" | "pod", recorded: Recorded): string {
  const { start, completion, del, utp = {}, conds = [], cs = [], ...rest } = recorded;
  const shape = {
    ...rest,
    ...(kind === "pod" ? { cs: cs.map(stateShape) } : {}),
    conds: conds.map((condition) => condition.replace(/@.*/, "")),
    uncounted: Object.fromEntries(Object.entries(utp).map(([key, uids]) => [key, (uids as unknown[]).length])),
    started: start !== undefined,
    completed: completion !== undefined,
    deleted: del !== undefined,
  };
  return JSON.stringify(Object.fromEntries(Object.entries(shape).sort(([a], [b]) => (a < b ? -1 : 1))));
}

/** `main:{"terminated":{…}}` without times and ids; null and 1970 stay, they mean something. */
function stateShape(text: string): string {
  const colon = text.indexOf(":");
  const state = JSON.parse(text.slice(colon + 1)) as Json;
  const scrub = (key: string, value: unknown): unknown => {
    if (key === "containerID") return "id";
    const isTime = key === "startedAt" || key === "finishedAt";
    return isTime && typeof value === "string" && !value.startsWith("1970") ? "time" : value;
  };
  return `${text.slice(0, colon)}:${JSON.stringify(state, scrub)}`;
}

/** A store's event in the form of a recording. */
export function seen({ type, resource, object }: StoreEvent): Seen | undefined {
  const revision = Number(object.metadata.resourceVersion);
  if (resource === "jobs") return { kind: "job", type, revision, shape: shapeOf("job", recordJob(object)) };
  if (resource === "pods") return { kind: "pod", type, revision, shape: shapeOf("pod", recordPod(object)) };
  return undefined;
}

function recordJob(job: KubeObject): Recorded {
  const status = (job.status ?? {}) as Json & { conditions?: Json[]; uncountedTerminatedPods?: Json };
  const utp = status.uncountedTerminatedPods ?? {};
  return {
    ...pick(status, ["active", "ready", "terminating", "succeeded", "failed"]),
    ...(Object.keys(utp).length === 0 ? {} : { utp }),
    ...(status.startTime === undefined ? {} : { start: "" }),
    ...(status.completionTime === undefined ? {} : { completion: "" }),
    ...(status.conditions === undefined ? {} : { conds: status.conditions.map(conditionText) }),
    ...deletion(job, false),
  };
}

function recordPod(pod: KubeObject): Recorded {
  const status = (pod.status ?? {}) as Json & { conditions?: Json[] };
  const all = [status.initContainerStatuses, status.containerStatuses].flatMap((list) => (list ?? []) as Json[]);
  return {
    phase: (status.phase as string | undefined) ?? "Pending",
    ...pick(status, ["reason"]),
    ...(status.message === undefined ? {} : { msg: status.message as string }),
    cs: all.map(({ name, state }) => `${name as string}:${JSON.stringify(state)}`),
    ...(status.conditions === undefined ? {} : { conds: status.conditions.map(conditionText) }),
    ...deletion(pod, true),
  };
}

function deletion({ metadata }: KubeObject, grace: boolean): Recorded {
  return {
    ...(metadata.deletionTimestamp === undefined ? {} : { del: "" }),
    ...(grace && metadata.deletionGracePeriodSeconds !== undefined
      ? { grace: metadata.deletionGracePeriodSeconds }
      : {}),
    ...(metadata.finalizers === undefined ? {} : { fin: metadata.finalizers }),
  };
}

function conditionText(condition: Json): string {
  const reason = condition.reason === undefined ? "" : `/${condition.reason as string}`;
  return `${condition.type as string}=${condition.status as string}${reason}`;
}

function pick(from: Json, keys: readonly string[]): Json {
  return Object.fromEntries(keys.filter((key) => from[key] !== undefined).map((key) => [key, from[key]]));
}

/** Reads one recorded line; undefined for Events, actions and notes. */
export function parseLine(line: string): Seen | undefined {
  const match = /^[\d.]+ (job|pod) (ADDED|MODIFIED|DELETED) \S+ rv(\d+) (.*)$/.exec(line);
  if (match === null) return undefined;
  const [, kind, type = "", revision, body = "{}"] = match;
  return {
    kind: kind as "job" | "pod",
    type,
    revision: Number(revision),
    shape: shapeOf(kind as "job" | "pod", JSON.parse(body)),
  };
}

/** An Event as a watcher sees it, without names; kubelets and controllers count repetitions, here each is listed once. */
export interface Told {
  readonly about: string;
  readonly text: string;
}

export function told({ resource, object }: StoreEvent): Told | undefined {
  if (resource !== "events") return undefined;
  const about = (object.involvedObject as { kind: string }).kind;
  return { about, text: nameless(`${object.type as string} ${object.reason as string} ${object.message as string}`) };
}

/** Reads one recorded Event. */
export function parseTold(line: string): Told | undefined {
  const match = /^[\d.]+ event (\S+ \S+ .*) \d* (Job|Pod)$/.exec(line);
  if (match === null) return undefined;
  return { about: match[2] ?? "", text: nameless(match[1] ?? "") };
}

/** The recorder cut long messages. */
const RECORDED = 200;

function nameless(text: string): string {
  const clean = text
    .replace(/[a-z0-9]+-[bcdfghjklmnpqrstvwxz2456789]{5}\b/g, "POD")
    .replace(/ to \S+-node$/, " to NODE");
  return clean.slice(0, RECORDED).trimEnd();
}
