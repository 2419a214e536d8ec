import type { ContainerStateWaiting, ContainerStatus, Event } from "kubernetes-types/core/v1";
import { CLI, CONTAINER, RECORDER } from "../../shared/names.ts";
import { newestEvent } from "./events.ts";
import { FIX_OF_CLI, fixForInitContainer, fixForOthers, fixForWaiting } from "./fixes.ts";
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

/** The trouble of the agent's container or of an init container; null when it is merely on its way, runs, or has ended. */
export function containerTrouble(
  { name, state }: ContainerStatus,
  events: readonly Event[],
  init: boolean,
): Waiting | null {
  const found = state?.waiting && troubleOf(state.waiting, events);
  return found ? ofContainer(found, name, init) : null;
}

/** The containers of the run's own pod: what others add has its image and its settings from elsewhere. */
const OWN = new Set<string>([CONTAINER, RECORDER, CLI]);

/** Says which container it is where that is not the agent's, and who can mend it. */
export function ofContainer<T extends Pick<Waiting, "message" | "fix">>(trouble: T, name: string, init: boolean): T {
  if (!init || name === RECORDER) return trouble;
  const { message } = trouble;
  const fix = OWN.has(name) ? FIX_OF_CLI : fixForOthers(name);
  return { ...trouble, message: `init container ${name}${message === "" ? "" : `: ${message}`}`, fix };
}

/** A native sidecar that has not started keeps the agent from starting, and is tried again for ever. */
export function sidecarTrouble(status: ContainerStatus): Waiting | null {
  const { name, state = {}, lastState } = status;
  const isUp = state.running && (status as { started?: boolean }).started !== false;
  const end = state.terminated ?? lastState?.terminated;
  if (isUp || (!state.running && !end)) return null;
  const ended = end ? `it ended with exit code ${end.exitCode}${end.reason ? ` (${end.reason})` : ""}` : "";
  const words = [state.waiting?.message, ended || "it has not started yet"].filter(Boolean).join("; ");
  const message = `init container ${name}: ${words}`;
  return { state: "initializing", reason: name, message, fix: fixForInitContainer(name), patience: "retried" };
}

function troubleOf({ reason = "", message = "" }: ContainerStateWaiting, events: readonly Event[]): Waiting | null {
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
