import type { Cause } from "./cause.ts";
import { FIXES } from "./fixes.ts";

/** The queue has not let the run go, or took it out for good. */
export const queueRefused: Cause = ({ evidence: { acts, job, queue } }) => {
  const { gaveUp } = acts;
  if (gaveUp?.waiting.state !== "queued") return null;
  const { message, fix } = gaveUp.waiting;
  const isOut = queue?.outlook === "deactivated";
  const waited = `The run waited ${Math.round(gaveUp.waitedSec)} s ${message}`;
  return {
    kind: "start-failed",
    code: "k8s_queue_refused",
    sentence: isOut
      ? `Kueue took the run out of queue ${job?.queue} for good: ${queue?.why}.`
      : `${waited}. It was given up.`,
    fix: fix ?? FIXES.queueTimeout,
    because: [`Job ${job?.name}: ${message}`],
  };
};
