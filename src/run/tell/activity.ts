/** Shows what the agent is doing where Paperclip has one line for it: on the page of its task. */

import { type Work, workOf } from "../../format/work.ts";
import type { Clock } from "../../kubernetes/clock.ts";
import type { Host } from "../../paperclip/host.ts";

/** Milliseconds between two tellings: for each the host reads its database. */
const EVERY_MS = 2_000;

/** Bytes of the longest line that is looked at: what fits in one line of a page is not worth more. */
const MAX_LINE_BYTES = 256 * 1024;

export interface ActivityReporter {
  /** A line of the agent's stdout; valid during the call only. */
  line(bytes: Buffer): void;
}

/** Tells the newest, and nothing that is older, until the signal aborts. */
export function reportActivity(host: Host, clock: Clock, signal: AbortSignal): ActivityReporter {
  let newest: Work | null = null;
  let telling = false;
  const tell = async (): Promise<void> => {
    telling = true;
    while (newest && !signal.aborted) {
      const work = newest;
      newest = null;
      await host.working(work);
      await clock.sleep(EVERY_MS, signal);
    }
    telling = false;
  };
  return {
    line: (bytes) => {
      if (signal.aborted || bytes.length > MAX_LINE_BYTES || !bytes.includes('"assistant"')) return;
      const work = workOf(bytes.toString());
      if (!work) return;
      newest = work;
      if (!telling) tell().catch(() => "the run is over");
    },
  };
}
