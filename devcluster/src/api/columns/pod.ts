import { list, type Plain, plain } from "../../store/plain.ts";
import type { KubeObject } from "../../types.ts";
import { AGE, type Column, NAME } from "./column.ts";

interface Summary {
  readonly ready: string;
  readonly status: string;
  readonly restarts: number;
}

/** The STATUS cell is a story of its own: the worst thing known of the containers, in kubectl's order. */
function summarize(pod: KubeObject): Summary {
  const spec = plain(pod.spec);
  const status = plain(pod.status);
  const containers = list(status.containerStatuses).map(plain);
  const inits = list(status.initContainerStatuses).map(plain);
  const total = list(spec.containers).length;
  const ready = containers.filter((container) => container.ready === true).length;
  const initReason = initStatus(inits, list(spec.initContainers).length);
  let reason = String(status.reason ?? status.phase ?? "");
  const restarts = (all: Plain[]): number => all.reduce((sum, { restartCount }) => sum + Number(restartCount ?? 0), 0);
  if (initReason !== undefined) reason = initReason;
  else reason = mainStatus(containers, status) ?? reason;
  if (pod.metadata.deletionTimestamp !== undefined) {
    if (status.reason === "NodeLost") reason = "Unknown";
    else if (status.phase !== "Failed" && status.phase !== "Succeeded") reason = "Terminating";
  }
  return {
    ready: `${ready}/${total}`,
    status: reason,
    restarts: restarts(initReason === undefined ? containers : inits),
  };
}

function mainStatus(containers: readonly Plain[], status: Plain): string | undefined {
  let reason: string | undefined;
  let running = false;
  for (const container of containers.toReversed()) {
    const state = plain(container.state);
    const waiting = plain(state.waiting).reason;
    const terminated = state.terminated === undefined ? undefined : plain(state.terminated);
    if (typeof waiting === "string" && waiting !== "") reason = waiting;
    else if (terminated !== undefined) reason = ended(terminated);
    else if (container.ready === true && state.running !== undefined) running = true;
  }
  if (reason !== "Completed" || !running) return reason;
  const isReady = list(status.conditions).some((condition) => {
    const { type, status: value } = plain(condition);
    return type === "Ready" && value === "True";
  });
  return isReady ? "Running" : "NotReady";
}

function ended(terminated: Plain): string {
  if (typeof terminated.reason === "string" && terminated.reason !== "") return terminated.reason;
  const signal = Number(terminated.signal ?? 0);
  return signal === 0 ? `ExitCode:${terminated.exitCode}` : `Signal:${signal}`;
}

/** Undefined when every init container is done. */
function initStatus(inits: readonly Plain[], total: number): string | undefined {
  for (const [index, container] of inits.entries()) {
    const state = plain(container.state);
    const terminated = state.terminated === undefined ? undefined : plain(state.terminated);
    if (terminated?.exitCode === 0) continue;
    if (terminated !== undefined) return `Init:${ended(terminated)}`;
    const waiting = plain(state.waiting).reason;
    if (typeof waiting === "string" && waiting !== "" && waiting !== "PodInitializing") return `Init:${waiting}`;
    return `Init:${index}/${total}`;
  }
  return undefined;
}

const text = (value: unknown): string => (typeof value === "string" && value !== "" ? value : "<none>");

export const POD_COLUMNS: readonly Column[] = [
  NAME,
  { name: "Ready", cell: (pod) => summarize(pod).ready },
  { name: "Status", cell: (pod) => summarize(pod).status },
  { name: "Restarts", cell: (pod) => String(summarize(pod).restarts) },
  AGE,
  { name: "IP", wide: true, cell: ({ status }) => text(plain(status).podIP) },
  { name: "Node", wide: true, cell: ({ spec }) => text(plain(spec).nodeName) },
  { name: "Nominated Node", wide: true, cell: ({ status }) => text(plain(status).nominatedNodeName) },
  { name: "Readiness Gates", wide: true, cell: () => "<none>" },
];
