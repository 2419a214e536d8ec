import type { ContainerStatus, Event } from "kubernetes-types/core/v1";
import { newestEvent } from "./events.ts";
import { fixForWaiting } from "./fixes.ts";
import { namesMissingImage, namesMissingObject } from "./missing.ts";
import type { Patience, Waiting, WaitingState } from "./types.ts";

/** Reasons of a waiting container that need a person or a retry. The rest is a container on its way. */
const REASONS: ReadonlyMap<string, readonly [WaitingState, Patience]> = new Map([
  ["ErrImagePull", ["image-error", "retried"]],
  ["ImagePullBackOff", ["image-error", "retried"]],
  ["RegistryUnavailable", ["image-error", "retried"]],
  ["ImageInspectError", ["image-error", "retried"]],
  ["InvalidImageName", ["image-error", "fatal"]],
  ["ErrImageNeverPull", ["image-error", "fatal"]],
  ["SignatureValidationFailed", ["image-error", "fatal"]],
  ["CreateContainerConfigError", ["config-error", "retried"]],
  ["CreateContainerError", ["config-error", "retried"]],
  ["RunContainerError", ["config-error", "retried"]],
]);

/** The kubelet checks the image's user against runAsNonRoot, and tries again for ever. */
const NEVER_HEALS = /container has runAsNonRoot and|runAsUser breaks non-root policy|no command specified/;

/** The kubelet flips between these two while it retries (measured: 2.4 s, 16.3 s, 27.3 s): one state, one reason. */
const PULL_FAILED = new Set(["ErrImagePull", "ImagePullBackOff"]);

/** The trouble of one container; null when it is merely on its way, runs, or has ended. */
export function containerTrouble(status: ContainerStatus, events: readonly Event[]): Waiting | null {
  const { reason = "", message = "" } = status.state?.waiting ?? {};
  const found = REASONS.get(reason);
  if (!found) return null;
  const [state, patience] = found;
  if (PULL_FAILED.has(reason)) {
    const cause = registryMessage(message, events);
    return {
      state,
      reason: "ImagePullBackOff",
      message: cause,
      fix: fixForWaiting(reason),
      patience: namesMissingImage(cause) ? "missing-object" : patience,
    };
  }
  return { state, reason, message, fix: fixForWaiting(reason), patience: patienceWith(message, patience) };
}

/** The patience of a reason, adjusted by its message. */
function patienceWith(message: string, patience: Patience): Patience {
  if (NEVER_HEALS.test(message)) return "fatal";
  return patience === "retried" && namesMissingObject(message) ? "missing-object" : patience;
}

/** The registry's own message: kubelets before 1.31 leave them out of the back-off message, but not out of the Event. */
function registryMessage(message: string, events: readonly Event[]): string {
  const cause = message.replace(/^Back-off pulling image "[^"]*":? ?/, "").replace(/^ErrImagePull: /, "");
  if (cause !== "") return cause;
  const failed = events.filter((event) => event.message?.startsWith("Failed to pull image"));
  return newestEvent(failed, "Pod", new Set(["Failed"]))?.message ?? message;
}

const STEPS = new Set([
  "FailedMount",
  "FailedAttachVolume",
  "FailedMapVolume",
  "SuccessfulAttachVolume",
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
  if (reason === "Pulling") return { state: "pulling", reason, message, fix: null, patience: "time" };
  if (reason.startsWith("Failed")) {
    const state = reason === "FailedCreatePodSandBox" ? "creating" : "mount";
    const fix = fixForWaiting(reason, message);
    return { state, reason, message, fix, patience: patienceWith(message, "retried") };
  }
  return { state: "creating", reason: reason || "ContainerCreating", message, fix: null, patience: "time" };
}
