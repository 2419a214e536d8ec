/** Reports the run's progress to the host: its pod, node and phase, and why it waits. One notice for each change. */
import type { Host, Notice } from "../../paperclip/host.ts";
import {
  describeWaiting,
  type Evidence,
  type ObservedRun,
  type PodFacts,
  trueCondition,
  type Waiting,
} from "../observe/observe.ts";
import { CONTAINER } from "../shared/names.ts";

/** Returns the way to stop, which resolves when the last notice is delivered. */
export function reportProgress(observed: ObservedRun, host: Host): () => Promise<void> {
  let last = "";
  let delivered = Promise.resolve();
  const report = (): void => {
    const notice = progressOf(observed);
    if (!notice || `${notice.type} ${notice.message}` === last) return;
    last = `${notice.type} ${notice.message}`;
    delivered = delivered.then(() => host.notice(notice));
  };
  const unsubscribe = observed.subscribe(report);
  // The pod may have been observed before anybody subscribed.
  report();
  return () => {
    unsubscribe();
    return delivered;
  };
}

/** What is seen of a run, for its page: by whoever observes it, or has looked once. */
export type Seen = Pick<ObservedRun, "evidence" | "pod" | "job" | "events">;

/** Null where there is nothing to say: the Job is held back. Pure. */
export function progressOf(observed: Seen): Notice | null {
  const { evidence } = observed;
  const { pod, job } = evidence;
  if (!job) return null;
  if (!pod || (pod.agent.state !== "running" && pod.agent.state !== "terminated")) return waitingNotice(observed);
  const payload = podPayload(evidence);
  if (pod.agent.state === "running" && pod.deletionAskedAt !== null)
    return deletionNotice(pod, job.stoppedBecause !== null, payload);
  if (pod.agent.state === "running")
    return { type: "k8s.pod.running", message: `Pod ${pod.name} runs on node ${pod.node ?? "unknown"}`, payload };
  const end = pod.agent.terminated;
  const code = end ? ` with exit code ${end.exitCode}${end.reason ? ` (${end.reason})` : ""}` : "";
  return { type: "k8s.pod.ended", message: `The agent's container in pod ${pod.name} ended${code}`, payload };
}

/** On a node that does not answer a pod stays like this until the node is back or removed. */
function deletionNotice(pod: PodFacts, stoppedByUs: boolean, payload: Record<string, unknown>): Notice {
  const { reason = "", message = "" } = trueCondition(pod.conditions, "DisruptionTarget") ?? {};
  const why = [reason, message].filter(Boolean).join(": ");
  const sentence = `Pod ${pod.name} is being deleted${why ? ` (${why})` : ""}; node ${pod.node ?? "unknown"} has not ended its agent yet`;
  return { type: "k8s.pod.leaving", message: sentence, level: stoppedByUs ? "info" : "warn", payload };
}

function waitingNotice(observed: Seen): Notice | null {
  const { evidence } = observed;
  const waiting = describeWaiting({
    pod: observed.pod,
    job: observed.job,
    events: observed.events,
    container: CONTAINER,
    queue: evidence.queue,
  });
  // A queue with room lets the Job go before it is asked why it does not.
  if (waiting.state === "queued") return evidence.queue && queuedNotice(waiting, evidence);
  if (waiting.state === "ready" || waiting.state === "suspended") return null;
  const where = evidence.pod
    ? `Pod ${evidence.pod.name} is not running yet`
    : `Job ${evidence.job?.name} has no pod yet`;
  const why = [waiting.reason, waiting.message].filter(Boolean).join(": ");
  return {
    type: `k8s.pod.${waiting.state}`,
    message: `${where}${why ? `: ${why}` : ""}`,
    level: waiting.patience === "time" ? "info" : "warn",
    payload: { ...podPayload(evidence), reason: waiting.reason, ...(waiting.fix ? { fix: waiting.fix } : {}) },
  };
}

/** The time that it takes is nobody's trouble, as that of a turn. */
export function queuedNotice({ message, patience, fix }: Waiting, evidence: Evidence): Notice {
  const { job, queue } = evidence;
  const payload = {
    ...podPayload(evidence),
    queue: job?.queue,
    before: queue?.before ?? null,
    why: queue?.why ?? null,
    ...(fix ? { fix } : {}),
  };
  const level = patience === "queue" && fix === null ? "info" : "warn";
  return { type: "k8s.run.queued", message: `Waiting ${message}`, level, payload };
}

function podPayload({ job, pod }: Evidence): Record<string, unknown> {
  return {
    namespace: job?.namespace,
    job: job?.name,
    ...(pod ? { pod: pod.name, phase: pod.phase, node: pod.node } : {}),
  };
}
