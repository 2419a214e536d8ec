import { fixForInitContainer, fixForWaiting, ofContainer } from "../observe/observe.ts";
import type { Cause } from "./cause.ts";
import { stoppedBeforeStart } from "./ending.ts";
import { type Facts, failedInit } from "./facts.ts";
import { FIXES } from "./fixes.ts";
import { quoting, reasonAndMessage } from "./phrases.ts";
import { NO_RETRY, retryAfterWaiting } from "./retry.ts";
import { fixForStartError } from "./start-errors.ts";

/** The agent's container never ran, and the cluster says why. */
export const startFailed: Cause = (facts) => {
  const { gaveUp } = facts.evidence.acts;
  if ((!facts.neverRan && !gaveUp) || stoppedBeforeStart(facts.seal)) return null;
  const obstacle = startObstacle(facts);
  if (!obstacle) return null;
  const patience = gaveUp ? ` within ${Math.round(gaveUp.waitedSec)} s` : "";
  return {
    kind: "start-failed",
    code: "k8s_pod_schedule_failed",
    sentence: obstacle.isClause
      ? `${obstacle.words.charAt(0).toUpperCase()}${obstacle.words.slice(1)}.`
      : `The run's pod could not start${patience}${quoting(obstacle.words)}.`,
    fix: obstacle.fix,
    because: [obstacle.words],
    ...obstacle.retry,
  };
};

interface Obstacle {
  readonly words: string;
  /** The words say themselves what could not start. @default false */
  readonly isClause?: boolean;
  readonly fix: string;
  readonly retry: typeof NO_RETRY;
}

/** What kept the agent from starting; null when nothing says so. The first reason counts: the cluster overwrites it. */
export function startObstacle(facts: Facts): Obstacle | null {
  const { seal, acts } = facts.evidence;
  if (seal?.ending === "not-started") {
    const words = `the agent's program could not be started${quoting(seal.error)}`;
    return { words, isClause: true, fix: fixForStartError(seal.error), retry: NO_RETRY };
  }
  if (stoppedBeforeStart(seal)) {
    const words = "its pod was told to stop before the agent was started";
    return { words, fix: "Run it again: its agent had not started.", retry: NO_RETRY };
  }
  return (
    failedInitContainer(facts) ??
    startError(facts) ??
    (acts.gaveUp
      ? gaveUpOn(facts, acts.gaveUp.waiting)
      : (waitingReason(facts) ?? unscheduled(facts) ?? refused(facts)))
  );
}

/** What was waited for at last; where that says nothing, what was first. */
function gaveUpOn(facts: Facts, waiting: Reason): Obstacle {
  return waiting.message === "" ? (firstReason(facts) ?? waited(waiting)) : waited(waiting);
}

function failedInitContainer(facts: Facts): Obstacle | null {
  const init = failedInit(facts.evidence);
  if (!init?.terminated) return null;
  const { exitCode, reason, message } = init.terminated;
  const words = `init container ${init.name} ended with exit code ${exitCode} (${reason})${quoting(message)}`;
  return { words, isClause: true, fix: fixForInitContainer(init.name), retry: NO_RETRY };
}

function startError({ container, evidence }: Facts): Obstacle | null {
  if (!container || evidence.pod?.agent.ran) return null;
  const words = `the agent's container could not be started${quoting(reasonAndMessage(container.reason, container.message))}`;
  return { words, isClause: true, fix: fixForWaiting("RunContainerError") ?? FIXES.describePod, retry: NO_RETRY };
}

function waitingReason(facts: Facts): Obstacle | null {
  const mount = facts.evidence.events.findLast(
    ({ reason }) => reason === "FailedMount" || reason === "FailedAttachVolume",
  );
  return firstReason(facts) ?? (mount ? waited(mount) : null);
}

function firstReason({ evidence: { pod } }: Facts): Obstacle | null {
  if (!pod?.firstWaiting) return null;
  const { container, init, ...reason } = pod.firstWaiting;
  return waited(ofContainer({ ...reason, fix: fixForWaiting(reason.reason, reason.message) }, container, init));
}

interface Reason {
  readonly reason: string;
  readonly message: string;
  readonly fix?: string | null;
}

function waited({ reason, message, fix = fixForWaiting(reason, message) }: Reason): Obstacle {
  const words = reasonAndMessage(reason, message);
  return { words, fix: fix ?? FIXES.describePod, retry: retryAfterWaiting(reason, message) };
}

function unscheduled({ evidence: { pod } }: Facts): Obstacle | null {
  const condition = pod?.conditions.find(({ type, status }) => type === "PodScheduled" && status === "False");
  // The scheduler's own advice goes with its reason, whatever name the condition has.
  if (condition) return waited({ ...condition, fix: fixForWaiting("Unschedulable", condition.message) });
  // The kubelet refused the pod: OutOfcpu, NodeAffinity, UnexpectedAdmissionError.
  return pod?.phase === "Failed" && pod.reason !== "" ? waited({ ...pod, fix: null }) : null;
}

function refused({ evidence: { pod, events } }: Facts): Obstacle | null {
  const event = pod ? undefined : events.findLast(({ reason }) => reason === "FailedCreate");
  return event ? waited(event) : null;
}
