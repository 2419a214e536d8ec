import type { ContainerStatus, Event } from "kubernetes-types/core/v1";
import { newestEvent } from "./events.ts";
import { fixForWaiting } from "./fixes.ts";
import type { Patience, Waiting, WaitingState } from "./types.ts";

/** Reasons of a waiting container that need a person or a retry. The rest is a container on its way. */
const REASONS: ReadonlyMap<string, readonly [WaitingState, Patience]> = new Map([
  ["ErrImagePull", ["image-error", "retry-limit"]],
  ["ImagePullBackOff", ["image-error", "retry-limit"]],
  ["RegistryUnavailable", ["image-error", "retry-limit"]],
  ["ImageInspectError", ["image-error", "retry-limit"]],
  ["InvalidImageName", ["image-error", "fatal"]],
  ["ErrImageNeverPull", ["image-error", "fatal"]],
  ["SignatureValidationFailed", ["image-error", "fatal"]],
  ["CreateContainerConfigError", ["config-error", "retry-limit"]],
  ["CreateContainerError", ["config-error", "retry-limit"]],
  ["RunContainerError", ["config-error", "retry-limit"]],
]);

/** The kubelet flips between these two while it retries (measured: 2.4 s, 16.3 s, 27.3 s): one state, one reason. */
const PULL_FAILED = new Set(["ErrImagePull", "ImagePullBackOff"]);

/** The trouble of one container; null when it is merely on its way, runs, or has ended. */
export function containerTrouble(status: ContainerStatus, events: readonly Event[]): Waiting | null {
  const { reason = "", message = "" } = status.state?.waiting ?? {};
  const found = REASONS.get(reason);
  if (!found) return null;
  const [state, patience] = found;
  if (PULL_FAILED.has(reason)) {
    return {
      state,
      reason: "ImagePullBackOff",
      message: registryWords(message, events),
      fix: fixForWaiting(reason),
      patience,
    };
  }
  return { state, reason, message, fix: fixForWaiting(reason), patience };
}

/** The registry's own words: kubelets before 1.31 leave them out of the back-off message, but not out of the Event. */
function registryWords(message: string, events: readonly Event[]): string {
  const words = message.replace(/^Back-off pulling image "[^"]*":? ?/, "").replace(/^ErrImagePull: /, "");
  if (words !== "") return words;
  const failed = events.filter((event) => event.message?.startsWith("Failed to pull image"));
  return newestEvent(failed, "Pod", new Set(["Failed"]))?.message ?? message;
}

const STEPS = new Set([
  "FailedMount",
  "FailedAttachVolume",
  "FailedMapVolume",
  "FailedCreatePodSandBox",
  "Pulling",
  "Pulled",
  "Created",
  "Started",
]);

/** A container of which the status says no more than `ContainerCreating`: the Events tell the step. */
export function stepOf(events: readonly Event[]): Waiting {
  const step = newestEvent(events, "Pod", STEPS);
  const reason = step?.reason ?? "";
  const message = step?.message ?? "";
  if (reason === "Pulling") return { state: "pulling", reason, message, fix: null, patience: "forever-until-limit" };
  if (reason === "FailedCreatePodSandBox")
    return { state: "creating", reason, message, fix: fixForWaiting(reason), patience: "retry-limit" };
  if (reason.startsWith("Failed"))
    return { state: "mount", reason, message, fix: fixForWaiting(reason, message), patience: "retry-limit" };
  return {
    state: "creating",
    reason: reason || "ContainerCreating",
    message,
    fix: null,
    patience: "forever-until-limit",
  };
}
