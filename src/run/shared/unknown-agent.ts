/**
 * When nobody can say any more whether a pod's agent runs. A node that is cut off does not tell of its containers: its pods
 * keep the last status they had, and their agents may be at work. Pure.
 */
import type { Job } from "kubernetes-types/batch/v1";
import type { Pod } from "kubernetes-types/core/v1";
import { CONTAINER } from "./names.ts";
import { readRunTerms } from "./run-terms.ts";

/** Milliseconds beyond its grace that a node gets to tell that a pod has ended: its kubelet may be starting again. */
const DELETION_MARGIN_MS = 60_000;
/** Milliseconds beyond timeoutSec and graceSec, after which the runner has ended its agent long ago. */
const TIMEOUT_MARGIN_MS = 120_000;

export interface OverdueEnd {
  /** Milliseconds since 1970, by the cluster's clock. */
  readonly at: number;
  /** Milliseconds from the pod's deletion, or its agent's start, to that. */
  readonly afterMs: number;
  /** `deletion`: the pod was told to end. `timeout`: its agent was to be ended by then. */
  readonly why: "deletion" | "timeout";
}

/** It runs no more, whatever other containers of its pod do. */
export function hasAgentEnded({ status }: Pod): boolean {
  if (status?.phase === "Succeeded" || status?.phase === "Failed") return true;
  return status?.containerStatuses?.find(({ name }) => name === CONTAINER)?.state?.terminated !== undefined;
}

/** From when on nobody can say; null: its agent has ended, or there is no limit to its time. */
export function overdueEnd(job: Job, pod: Pod): OverdueEnd | null {
  const { metadata, status } = pod;
  const agent = status?.containerStatuses?.find(({ name }) => name === CONTAINER)?.state;
  if (hasAgentEnded(pod)) return null;
  // The moment by which it is to have ended: its grace is counted in.
  if (metadata?.deletionTimestamp) {
    const afterMs = (metadata.deletionGracePeriodSeconds ?? 0) * 1000 + DELETION_MARGIN_MS;
    return { at: Date.parse(metadata.deletionTimestamp) + DELETION_MARGIN_MS, afterMs, why: "deletion" };
  }
  const terms = readRunTerms(job);
  const startedAt = Date.parse(agent?.running?.startedAt ?? "");
  if (!terms || terms.facts.timeoutSec === 0 || Number.isNaN(startedAt)) return null;
  const afterMs = (terms.facts.timeoutSec + terms.graceSec) * 1000 + TIMEOUT_MARGIN_MS;
  return { at: startedAt + afterMs, afterMs, why: "timeout" };
}

/** What an operator may do who knows more than the cluster. */
export function releaseCommands(job: Job, pod: Pod | null): string {
  const { name, namespace } = job.metadata ?? {};
  const node = pod?.spec?.nodeName;
  const gone = node ? `If node ${node} is gone for good: kubectl delete node ${node}. ` : "";
  return `${gone}If you know that the agent does not run: kubectl -n ${namespace} annotate job ${name} paperclip.io/abandoned=true`;
}
