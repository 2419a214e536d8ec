/** Shows what the agent is doing where Paperclip has one line for it: on the page of its task. */
import { type Activity, activityOf } from "../../format/activity.ts";
import type { Clock } from "../../kubernetes/clock.ts";
import type { Host } from "../../paperclip/host.ts";
import { eventOf } from "../shared/agent-event.ts";

/** Milliseconds between two reports: for each the host reads its database. */
const EVERY_MS = 2_000;

/** Bytes of the longest line that is parsed: what fits in one line of a page is not worth more. */
const MAX_LINE_BYTES = 256 * 1024;

export interface ActivityReporter {
  /** A line of the agent's stdout; valid during the call only. */
  line(bytes: Buffer): void;
}

/** Reports the newest activity, and none that is older, until the signal aborts. */
export function reportActivity(host: Host, clock: Clock, signal: AbortSignal): ActivityReporter {
  let newest: Activity | null = null;
  let isReporting = false;
  const report = async (): Promise<void> => {
    isReporting = true;
    while (newest && !signal.aborted) {
      const activity = newest;
      newest = null;
      await host.activity(activity);
      await clock.sleep(EVERY_MS, signal);
    }
    isReporting = false;
  };
  return {
    line: (bytes) => {
      if (signal.aborted || bytes.length > MAX_LINE_BYTES || !bytes.includes('"assistant"')) return;
      const activity = activityOf(bytes.toString(), eventOf(bytes));
      if (!activity) return;
      newest = activity;
      if (!isReporting) report().catch(() => "the run is over");
    },
  };
}
