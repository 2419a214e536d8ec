import type { Cause } from "./cause.ts";
import { FIXES } from "./fixes.ts";
import { quoting } from "./phrases.ts";

/** The queue has not let the run go, or took it out for good. */
export const queueRefused: Cause = ({ evidence: { acts, job, queue } }) => {
  const { gaveUp } = acts;
  const kind = "start-failed";
  const code = "k8s_queue_refused";
  // Kueue may delete such a Job, too.
  if (queue?.outlook === "deactivated" && (gaveUp?.waiting.state === "queued" || job?.presence !== "present")) {
    const because = [`Job ${job?.name}: ${quoting(queue.why).slice(2)}`];
    const sentence = `Kueue took the run out of queue ${job?.queue} for good${quoting(queue.why)}.`;
    return { kind, code, sentence, fix: FIXES.queueOut, because };
  }
  if (gaveUp?.waiting.state !== "queued") return null;
  const { message, fix } = gaveUp.waiting;
  const sentence = `The run waited ${Math.round(gaveUp.waitedSec)} s ${message}. It was given up.`;
  return { kind, code, sentence, fix: fix ?? FIXES.queueTimeout, because: [`Job ${job?.name}: ${message}`] };
};
