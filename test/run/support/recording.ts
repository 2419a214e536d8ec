import { readFileSync } from "node:fs";
import type { Job } from "kubernetes-types/batch/v1";
import type { ContainerState, ContainerStatus, Event, Pod, PodCondition } from "kubernetes-types/core/v1";
import type { Observation } from "../../../src/run/observe/evidence/reduce.ts";

/**
 * What a watcher saw of one Job on a real Kubernetes 1.36: `CASE.events.txt` has every event in short, `CASE.json` the
 * last object of each. Both were recorded, not written.
 */
export interface Recording {
  readonly observations: readonly Observation[];
  readonly job: Job;
  readonly pods: readonly Pod[];
}

interface LastObjects {
  readonly job: Job;
  readonly pods: Readonly<Record<string, Pod>>;
}

const FOLDER = new URL("../fixtures/k8s/", import.meta.url);

/** The container in all recordings. */
export const RECORDED_CONTAINER = "main";

export function readRecording(name: string): Recording {
  const last = JSON.parse(readFileSync(new URL(`${name}.json`, FOLDER), "utf8")) as LastObjects;
  const lines = readFileSync(new URL(`${name}.events.txt`, FOLDER), "utf8").split("\n");
  const observations = lines.flatMap((line) => readLine(line, last) ?? []);
  return { observations, job: last.job, pods: Object.values(last.pods) };
}

const LINE =
  /^(\d+\.\d+) (?:(job|pod) (ADDED|MODIFIED|DELETED) (\S+) rv\d+ (.*)|event (Normal|Warning) (\S+) (.*?) (\d*) (Job|Pod))$/;

function readLine(line: string, last: LastObjects): Observation | null {
  const found = LINE.exec(line);
  if (!found) return null;
  const [
    ,
    seconds = "0",
    kind,
    change,
    name = "",
    json = "{}",
    type = "",
    reason = "",
    message = "",
    count = "",
    about = "",
  ] = found;
  const at = Date.parse(last.job.metadata?.creationTimestamp ?? "") + Number(seconds) * 1000;
  const deleted = change === "DELETED";
  if (kind === "job") return { kind, job: jobAt(last.job, JSON.parse(json) as Short, deleted), deleted, at };
  const pod = last.pods[name];
  if (kind === "pod")
    return pod ? { kind, pod: deleted ? pod : podAt(pod, JSON.parse(json) as Short), deleted, at } : null;
  const event: Event = {
    metadata: { uid: `${about}/${reason}/${message}` },
    involvedObject: { kind: about },
    type,
    reason,
    message,
    count: Number(count || 1),
    lastTimestamp: new Date(at).toISOString(),
  };
  return { kind: "event", event };
}

interface Short {
  readonly phase?: string;
  readonly cs?: readonly string[];
  /** `Type=Status/Reason@Time`. */
  readonly conds?: readonly string[];
  readonly del?: string;
  readonly grace?: number;
  readonly fin?: readonly string[];
}

function jobAt(last: Job, short: Short, deleted: boolean): Job {
  const { deletionTimestamp: _, finalizers: __, ...metadata } = last.metadata ?? {};
  const conditions = (short.conds ?? []).map((text) => ({
    lastTransitionTime: "",
    ...condition(text, last.status?.conditions ?? []),
  }));
  const suspend = deleted
    ? (last.spec?.suspend ?? false)
    : conditions.some(({ type, status }) => type === "Suspended" && status === "True");
  return {
    ...last,
    metadata: { ...metadata, ...deletion(short) },
    spec: { template: {}, ...last.spec, suspend },
    status: { conditions },
  };
}

function podAt(last: Pod, short: Short): Pod {
  const { deletionTimestamp: _, deletionGracePeriodSeconds: __, finalizers: ___, ...metadata } = last.metadata ?? {};
  const conditions = (short.conds ?? []).map((text) => condition(text, last.status?.conditions ?? []));
  const scheduled = conditions.some(({ type, status }) => type === "PodScheduled" && status === "True");
  const { nodeName, ...spec } = last.spec ?? { containers: [] };
  const statuses = (short.cs ?? []).map(containerStatus);
  // The short form leaves `status.reason` out; it came with the phase.
  const { reason, message } = short.phase === last.status?.phase ? (last.status ?? {}) : {};
  const inits = new Set(last.spec?.initContainers?.map(({ name }) => name));
  return {
    ...last,
    metadata: { ...metadata, ...deletion(short) },
    spec: { ...spec, ...(scheduled && nodeName ? { nodeName } : {}) },
    status: {
      phase: short.phase ?? "",
      ...(reason ? { reason } : {}),
      ...(message ? { message } : {}),
      conditions,
      containerStatuses: statuses.filter(({ name }) => !inits.has(name)),
      initContainerStatuses: statuses.filter(({ name }) => inits.has(name)),
    },
  };
}

function deletion({ del, grace, fin }: Short) {
  return {
    ...(del === undefined ? {} : { deletionTimestamp: del }),
    ...(grace === undefined ? {} : { deletionGracePeriodSeconds: grace }),
    ...(fin ? { finalizers: [...fin] } : {}),
  };
}

/** The short form leaves messages out: the last object has them. */
function condition(text: string, last: readonly PodCondition[]): PodCondition {
  const [, type = "", status = "", reason] = /^(\w+)=(\w+)(?:\/(\w+))?/.exec(text) ?? [];
  const same = last.find((known) => known.type === type && known.reason === reason);
  return { type, status, ...(reason ? { reason } : {}), ...(same?.message ? { message: same.message } : {}) };
}

function containerStatus(text: string): ContainerStatus {
  const colon = text.indexOf(":");
  const state = JSON.parse(text.slice(colon + 1)) as ContainerState;
  return { name: text.slice(0, colon), image: "", imageID: "", ready: false, restartCount: 0, state };
}
