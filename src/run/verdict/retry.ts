/**
 * Which failures Paperclip tries again by itself. It does so for runs of the families `transient_upstream` (twice, 30 s
 * apart, or later where `retryNotBefore` says so) and `provider_quota`; of another failed run of a task it asks once what
 * is to become of it, and then blocks the task (2026.916.1). So the family is given where later can succeed with nothing
 * changed, and only where the next run cannot stand beside this one.
 */
import type { Finding } from "./cause.ts";
import type { Facts } from "./facts.ts";

type Retry = Pick<Finding, "errorFamily">;

export const RETRY: Retry = { errorFamily: "transient_upstream" };
export const NO_RETRY: Retry = {};

/** For a run that the cluster ended. On a node that does not answer its agent may still be at work. */
export function retryOnceStopped({ stopped }: Facts): Retry {
  return stopped ? RETRY : NO_RETRY;
}

/** Reasons of a pod that waits, or was refused by its node, which pass without anybody's doing. */
const PASSING = new Set([
  "Unschedulable",
  "FailedAttachVolume",
  "FailedMount",
  "FailedMapVolume",
  "FailedCreatePodSandBox",
  "RegistryUnavailable",
  "Preempting",
  "NodeShutdown",
]);
const PULL_FAILED = new Set(["ErrImagePull", "ImagePullBackOff"]);
const NETWORK =
  /timeout|deadline exceeded|connection re(fused|set)|no such host|EOF|too many requests|\b(429|5\d\d)\b/i;
const REFUSED_IN_PASSING =
  /exceeded quota|failed calling webhook|operation cannot be fulfilled|etcdserver|too many requests|currently unable to handle|not yet ready to handle/i;
/** A missing object does not come by itself. */
const MISSING = /" not found/;

/** For a pod that could not start. */
export function retryAfterWaiting(reason: string, message: string): Retry {
  if (PULL_FAILED.has(reason)) return NETWORK.test(message) && !MISSING.test(message) ? RETRY : NO_RETRY;
  if (reason === "FailedCreate") return REFUSED_IN_PASSING.test(message) ? RETRY : NO_RETRY;
  // The kubelet: OutOfcpu, OutOfmemory, OutOfpods: the scheduler had an older view of the node.
  const passing = PASSING.has(reason) || reason.startsWith("OutOf");
  return passing && !MISSING.test(message) ? RETRY : NO_RETRY;
}
