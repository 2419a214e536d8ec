import { fixForWaiting } from "../observe/observe.ts";
import type { Cause } from "./cause.ts";
import { stoppedBeforeStart } from "./ending.ts";
import { type Facts, failedInit } from "./facts.ts";
import { quoting, reasonAndMessage } from "./phrases.ts";

/** The agent's container never ran, and the cluster says why. */
export const startFailed: Cause = (facts) => {
  const { gaveUp } = facts.evidence.acts;
  if ((!facts.neverRan && !gaveUp) || stoppedBeforeStart(facts.seal)) return null;
  const waited = startObstacle(facts);
  if (!waited) return null;
  const patience = gaveUp ? ` within ${Math.round(gaveUp.waitedSec)} s` : "";
  return {
    kind: "start-failed",
    code: "k8s_pod_schedule_failed",
    sentence: `The run's pod could not start${patience}${quoting(waited.words)}.`,
    fix: waited.fix,
    because: [waited.words],
  };
};

interface Obstacle {
  readonly words: string;
  readonly fix: string;
}

const LOOK = "Read what the cluster says of the pod (kubectl describe pod).";

/** What kept the agent from starting; null when nothing says so. The first word counts: the cluster overwrites it. */
export function startObstacle(facts: Facts): Obstacle | null {
  const { pod, seal, acts } = facts.evidence;
  if (seal?.ending === "not-started") {
    const words = `the agent's program could not be started${quoting(seal.error)}`;
    return { words, fix: "Use an image that has Claude Code (`claude`) in its PATH." };
  }
  if (stoppedBeforeStart(seal))
    return { words: "its pod was told to stop before the agent was started", fix: "Run it again: nothing of it ran." };
  const init = failedInit(facts.evidence);
  if (init?.terminated) {
    const { exitCode, reason, message } = init.terminated;
    const words = `init container ${init.name} ended with exit code ${exitCode} (${reason})${quoting(message)}`;
    return { words, fix: `Read the log of the init container ${init.name}.` };
  }
  return (
    startError(facts) ??
    waitingReason(facts) ??
    (acts.gaveUp ? obstacle(acts.gaveUp.waiting) : (scheduling(pod) ?? refused(facts)))
  );
}

function startError({ container, evidence }: Facts): Obstacle | null {
  if (container && !evidence.pod?.agent.ran) {
    const words = `the container could not be started: ${reasonAndMessage(container.reason, container.message)}`;
    return { words, fix: "Check the image: the command that the message names must exist in it and be executable." };
  }
  return null;
}

function waitingReason({ evidence: { pod, acts, events } }: Facts): Obstacle | null {
  const first = pod?.firstWaiting;
  if (first) return { words: reasonAndMessage(first.reason, first.message), fix: fixForWaiting(first.reason) ?? LOOK };
  if (acts.gaveUp) return null;
  const mount = events.findLast(({ reason }) => reason === "FailedMount" || reason === "FailedAttachVolume");
  return mount ? { words: `${mount.reason}: ${mount.message}`, fix: fixForWaiting(mount.reason) ?? LOOK } : null;
}

function obstacle(waiting: {
  readonly reason: string;
  readonly message: string;
  readonly fix: string | null;
}): Obstacle {
  return { words: reasonAndMessage(waiting.reason, waiting.message), fix: waiting.fix ?? LOOK };
}

function scheduling(pod: Facts["evidence"]["pod"]): Obstacle | null {
  const condition = pod?.conditions.find(({ type, status }) => type === "PodScheduled" && status === "False");
  if (condition)
    return {
      words: reasonAndMessage(condition.reason, condition.message),
      fix: fixForWaiting("Unschedulable", condition.message) ?? LOOK,
    };
  // The kubelet refused the pod: OutOfcpu, NodeAffinity, UnexpectedAdmissionError.
  if (pod?.phase === "Failed" && pod.reason !== "")
    return { words: reasonAndMessage(pod.reason, pod.message), fix: LOOK };
  return null;
}

function refused({ evidence: { pod, events } }: Facts): Obstacle | null {
  const event = pod ? undefined : events.findLast(({ reason }) => reason === "FailedCreate");
  return event
    ? { words: `${event.reason}: ${event.message}`, fix: fixForWaiting("FailedCreate", event.message) ?? LOOK }
    : null;
}
