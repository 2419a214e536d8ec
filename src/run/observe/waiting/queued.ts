/** What a Job waits for that is in a queue: the queue's own words, and what helps. */
import type { Outlook, QueueReading } from "../queue/reading.ts";
import type { Patience, Waiting } from "./types.ts";

const PATIENCE: Readonly<Record<Outlook, Patience>> = {
  waits: "queue",
  held: "queue",
  missing: "missing-object",
  never: "missing-object",
  deactivated: "fatal",
};

const FIXES: Readonly<Record<Outlook, string | null>> = {
  waits: null,
  held: "Ask the cluster's operator to open the queue again, or set another one (queue).",
  missing: "Create what the message names, or set another queue (queue) or priority class (labels).",
  never: "Lower resources.requests, set another queue (queue), or raise the quota of its ClusterQueue.",
  deactivated: "Read Kueue's reason: whoever runs the cluster took the run out, or its limit on time or restarts did.",
};

/** @param reading null: nothing was read yet */
export function queued(queue: string, reading: QueueReading | null): Waiting {
  const { why = null, outlook = "waits", before = null } = reading ?? {};
  const place =
    before === null ? "" : before === 0 ? ", as the first" : `, behind ${before} ${before === 1 ? "other" : "others"}`;
  const message = `in queue ${queue}${place}${why === null ? "" : `: ${why}`}`;
  return { state: "queued", reason: "Queued", message, fix: FIXES[outlook], patience: PATIENCE[outlook] };
}
